-- Rules of the last build that could not be evaluated.
select rule_id, state, array_to_string(missing, ', ') as missing from rule_run where state <> 'evaluated' order by rule_id
