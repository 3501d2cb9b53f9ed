-- All rules of the last build: evaluated or not, and what they found.
select rule_id, class, severity, title, state, finding_count, array_to_string(missing, ', ') as missing from rule_run order by class, rule_id
