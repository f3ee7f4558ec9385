-- Complete a job: its result where Celery's result backend looks for it, once.
-- ARGV: holder, run, stage, piece, seconds, result document
local holder, run, stage, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
drop_lease(holder .. ' ' .. run .. ' ' .. stage .. ' ' .. piece, holder)
if not alive(run) or call('hget', work_key(run), 'stage') ~= stage then return 'ended' end
settle(run, tonumber(ARGV[5]))
end_job(run, 'completed', ARGV[6])
return 'kept'
