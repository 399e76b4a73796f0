select source, platform, format, posts, reposts, comments, likes, lacks
from (select 1) as always (one)
left join source_coverage on true
order by source, platform
