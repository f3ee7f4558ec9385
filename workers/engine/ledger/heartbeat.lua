-- What a worker does every second: report that it is there, and renew the leases of its children.
-- Returns 1 if it is this worker's turn to look after all jobs.
-- ARGV: node, version, slots (-1: its main thread is stuck, so it counts as absent), lease seconds,
-- the longest
--       that any piece is held, seconds of a turn at looking after all jobs, then holders of this
--       worker
local node, version, slots = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease_seconds, longest, turn_seconds = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local MISSED_SECONDS = 2.5
local moment = now()

if slots >= 0 then
  call('hset', NODES, node, version .. ' ' .. slots)
  call('zadd', NODES_SEEN, seconds_text(moment), node)
  call('zadd', VERSIONS, seconds_text(moment), version)
end

for i = 7, #ARGV do
  local lease = call('hget', HELD, ARGV[i])
  if lease and call('zscore', LEASES, lease) then
    local _, run, _, piece = split(lease)
    local since = call('hget', work_key(run), 'a:' .. piece)
    if since and moment - tonumber(since) < longest then
      call('zadd', LEASES, seconds_text(moment + lease_seconds), lease)
    end
  end
end
-- leases that this worker did not renew were held by dead children, so they end now
for _, lease in ipairs(call('zrangebyscore', LEASES, '-inf',
    seconds_text(moment + lease_seconds - MISSED_SECONDS))) do
  local holder = split(lease)
  if string.sub(holder, 1, #node + 1) == node .. '|' then
    drop_lease(lease, holder)
    put_back(lease)
  end
end

-- The time stands in the value: a key's own time-out would follow the clock when that is put back,
-- and nobody would look after anything until then. A time in the future is no time.
local turn = P .. 'reaper:' .. version
local last = tonumber(string.match(call('get', turn) or '', '^[%d.]+') or '')
if last and last <= moment and moment - last < turn_seconds then return 0 end
call('set', turn, seconds_text(moment) .. ' ' .. node, 'ex', 60)
return 1
