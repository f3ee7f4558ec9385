-- Whether a finished turn should be followed by another one.
-- ARGV: version, queue, run, stage ('' and -1: of no stage)
if ARGV[3] ~= '' then
  -- a chord needs this turn until its stage has no more pieces to hand out
  if alive(ARGV[3]) and call('hget', work_key(ARGV[3]), 'stage') == ARGV[4] and waiting(ARGV[3]) then
    return 1
  end
  return 0
end
-- another message for waiting pieces only if there is none, so that turns do not pile up
if call('llen', ARGV[2]) > 0 then return 0 end
return call('exists', users_key(ARGV[1]))
