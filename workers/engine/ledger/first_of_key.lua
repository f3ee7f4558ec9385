-- The job that an idempotency key was used for, and whether for the same request.
-- ARGV: idempotency name, body hash
local first, body = unpack(call('hmget', P .. 'key:' .. ARGV[1], 'run', 'body'))
if not first then return false end
return { body == ARGV[2] and 'again' or 'other', first }
