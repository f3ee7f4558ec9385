-- What one worker does each second for all: it ends expired leases and jobs that no worker can run,
-- and removes what has expired from the counts.
-- ARGV: version, most seconds a job may take, version grace seconds, lease seconds
local version, most, grace = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local AWAY_SECONDS = 10
local moment = now()

mend_leases(tonumber(ARGV[4]))
end_leases(500)

for _, gone in ipairs(call('zrangebyscore', NODES_SEEN, '-inf', seconds_text(moment - 60))) do
  call('zrem', NODES_SEEN, gone)
  call('hdel', NODES, gone)
end

-- what was noted before the clock was put back
for _, ahead in ipairs(call('zrangebyscore', NODES_SEEN, seconds_text(moment + 60), '+inf')) do
  call('zrem', NODES_SEEN, ahead)
  call('hdel', NODES, ahead)
end
for _, ahead in ipairs(call('zrangebyscore', VERSIONS, '(' .. seconds_text(moment), '+inf')) do
  call('zadd', VERSIONS, seconds_text(moment), ahead)
end

forget_expired()

for _, run in ipairs(call('zrangebyscore', active_key(version), '-inf',
    seconds_text(moment - most), 'limit', 0, 100)) do
  fail_job(run, 'The job was not done within ' .. math.floor(most / 3600)
    .. ' hours; send it again, or add workers.')
end

-- while Redis was away no worker could report, so the time until it counts as absent begins again
local last = tonumber(call('get', P .. 'looked-after') or 0)
call('set', P .. 'looked-after', seconds_text(moment))
if moment - last > AWAY_SECONDS then
  for _, each in ipairs(call('zrange', VERSIONS, 0, -1)) do
    call('zadd', VERSIONS, seconds_text(moment), each)
  end
end
for _, other in ipairs(call('zrangebyscore', VERSIONS, '-inf', seconds_text(moment - grace))) do
  for _, run in ipairs(call('zrange', active_key(other), 0, 99)) do
    fail_job(run, 'The job was accepted by version ' .. other .. ', which no worker runs any more; '
      .. 'the workers run ' .. version .. '. Send it again.')
  end
  if call('exists', active_key(other)) == 0 then
    call('zrem', VERSIONS, other)
    call('del', users_key(other), served_key(other), clock_key(other), lanes_key(other),
      P .. 'pace:' .. other, queue_of(other), '_kombu.binding.' .. queue_of(other))
  end
end

-- a level at or below the clock gives no priority, so it is deleted
local clock = call('get', clock_key(version))
if clock then call('zremrangebyscore', served_key(version), '-inf', clock) end
if call('exists', active_key(version)) == 0 then
  call('del', served_key(version), clock_key(version), lanes_key(version))
end
return 1
