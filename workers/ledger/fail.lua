-- Fail a job because of one of its pieces, unless that piece is somebody else's by now.
-- ARGV: holder, run, stage, piece, error document, reason
local holder, run, stage, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
drop_lease(holder .. ' ' .. run .. ' ' .. stage .. ' ' .. piece, holder)
local at, held = unpack(call('hmget', work_key(run), 'stage', 'h:' .. piece))
if not alive(run) or at ~= stage or held ~= holder then return 'ended' end
end_job(run, 'failed', failure(run, ARGV[6]), ARGV[5])
return 'kept'
