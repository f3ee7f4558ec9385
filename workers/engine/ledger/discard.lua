-- Remove what is kept of a job that has ended, and give its room back; who asks for it later is told
-- that it is gone.
-- ARGV: run
local run = ARGV[1]
local job, document = job_key(run), 'celery-task-meta-' .. run
local user, outcome = unpack(call('hmget', job, 'owner', 'outcome'))
if not outcome then return 0 end
-- as it was counted when the job ended
local size = call('strlen', document) + call('hstrlen', job, 'request')
if call('zrem', KEPT, run .. ' ' .. size) == 1 then call('hincrby', STORE, 'kept', -size) end
call('unlink', job, document)
call('zrem', P .. 'jobs-of:' .. user, run)
return 1
