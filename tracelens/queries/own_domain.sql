-- Mail domains that are ours, and what says so.
select domain, basis from accepted_domain_guess order by domain
