-- Fail a job because of one of its pieces, unless that piece is somebody else's by now.
-- ARGV: holder, run, cut, piece, error document, reason
local holder, run, cut, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not hand_in(holder, run, cut, piece) then return 'ended' end
if call('hget', work_key(run), 'h:' .. piece) ~= holder then return 'ended' end
end_job(run, 'failed', failure(run, ARGV[6]), ARGV[5])
return 'kept'
