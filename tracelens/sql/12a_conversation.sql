-- The conversations that are built at one time: all, or in a large store those that began within a stretch of time.
-- grain: conversation_number
-- kind: part
-- by: conversation
select * from conversation_span
