-- What a worker does every second: say it is there, renew the leases of its children, and, if no
-- other worker just has, look after the whole: leases that ended, jobs nobody can run, turns lost.
-- Gives how many turns to publish.
-- ARGV: node, version, slots, queue, lease seconds, most waiting seconds, version grace seconds,
--       then holders of this worker
local MISSED_SECONDS = 2.5
local node, version, slots = ARGV[1], ARGV[2], tonumber(ARGV[3])
local moment = now()
local nodes = P .. 'nodes'
local seen = P .. 'nodes-seen'
call('hset', nodes, node, version .. ' ' .. slots)
call('zadd', seen, seconds_text(moment), node)
call('zadd', P .. 'versions', seconds_text(moment), version)
for i = 8, #ARGV do
  local lease = call('hget', HELD, ARGV[i])
  if lease and call('zscore', LEASES, lease) then
    call('zadd', LEASES, seconds_text(moment + tonumber(ARGV[5])), lease)
  end
end

-- what this worker's children hold and did not renew is what dead ones held: no need to wait
for _, lease in ipairs(call('zrangebyscore', LEASES, '-inf',
    seconds_text(moment + tonumber(ARGV[5]) - MISSED_SECONDS))) do
  local holder = split(lease)
  if string.sub(holder, 1, #node + 1) == node .. '|' then
    drop_lease(lease, holder)
    put_back(lease)
  end
end

-- one worker a second does the rest; the lock is a version's, so each is looked after by its own
if not call('set', P .. 'reaper:' .. version, node, 'nx', 'px', 900) then return 0 end

for _, lease in ipairs(call('zrangebyscore', LEASES, '-inf', seconds_text(moment), 'limit', 0, 500)) do
  drop_lease(lease, (split(lease)))
  put_back(lease)
end

for _, gone in ipairs(call('zrangebyscore', seen, '-inf', seconds_text(moment - 60))) do
  call('zrem', seen, gone)
  call('hdel', nodes, gone)
end

for _, run in ipairs(call('zrangebyscore', active_key(version), '-inf',
    seconds_text(moment - tonumber(ARGV[6])), 'limit', 0, 100)) do
  fail_job(run, 'The job was not done within ' .. math.floor(tonumber(ARGV[6]) / 3600)
    .. ' hours; send it again, or add workers.')
end
for _, other in ipairs(call('zrangebyscore', P .. 'versions', '-inf',
    seconds_text(moment - tonumber(ARGV[7])))) do
  for _, run in ipairs(call('zrange', active_key(other), 0, 99)) do
    fail_job(run, 'The job was accepted by version ' .. other .. ', which no worker runs any more; '
      .. 'the workers run ' .. version .. '. Send it again.')
  end
  if call('exists', active_key(other)) == 0 then
    call('zrem', P .. 'versions', other)
    call('del', users_key(other), served_key(other), clock_key(other), lanes_key(other),
      P .. 'pace:' .. other)
  end
end

-- service that everybody has had is worth nothing
local clock = call('get', clock_key(version))
if clock then call('zremrangebyscore', served_key(version), '-inf', clock) end
if call('exists', active_key(version)) == 0 then
  call('del', served_key(version), clock_key(version), lanes_key(version))
end

if call('llen', ARGV[4]) > 0 then return 0 end
local all = 0
for _, other in ipairs(call('zrangebyscore', seen, seconds_text(moment - 5), '+inf')) do
  local theirs, count = string.match(call('hget', nodes, other) or '', '^(%S+) (%d+)$')
  if theirs == version then all = all + tonumber(count) end
end
local pieces = 0
for _, user in ipairs(call('zrange', users_key(version), 0, -1)) do
  for _, run in ipairs(call('zrange', lane_key(version, user), 0, -1)) do
    local following, chunks = unpack(call('hmget', work_key(run), 'next', 'chunks'))
    pieces = pieces + call('llen', ready_key(run)) + tonumber(chunks or 0) - tonumber(following or 0)
    if pieces >= all then return all end
  end
end
return pieces
