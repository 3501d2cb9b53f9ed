-- Findings per class and severity.
select class, severity, count(*) as finding_count, cast(sum(hit_count) as bigint) as hit_count
from finding group by class, severity order by class, severity
