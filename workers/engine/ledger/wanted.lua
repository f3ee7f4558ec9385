-- Whether a turn should be had again.
-- ARGV: version, queue, run, stage ('' and -1: of no stage)
if ARGV[3] ~= '' then
  -- a chord counts on this one until its stage has nothing left to hand out
  if alive(ARGV[3]) and call('hget', work_key(ARGV[3]), 'stage') == ARGV[4] and waiting(ARGV[3]) then
    return 1
  end
  return 0
end
-- one more message for waiting pieces only where there is none: turns must not pile up
if call('llen', ARGV[2]) > 0 then return 0 end
return call('exists', users_key(ARGV[1]))
