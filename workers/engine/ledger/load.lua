-- The load of a version's workers, for people and autoscalers: it reads every waiting job.
-- ARGV: version, seconds for which a piece may be held
local version = ARGV[1]
local moment = now()
local slots, others = slots_of(version)
local pieces, seconds, oldest = 0, 0, 0
for _, user in ipairs(call('zrange', users_key(version), 0, -1)) do
  for _, run in ipairs(call('zrange', lane_key(version, user), 0, -1)) do
    local waiting_here, cost, since = pieces_of(run)
    pieces = pieces + waiting_here
    seconds = seconds + waiting_here * cost
    oldest = math.max(oldest, moment - since)
  end
end
-- who holds a piece is busy, unless its job has ended or it has had its time: its worker ends such
local busy, stuck = 0, 0
local held = call('hgetall', HELD)
for i = 2, #held, 2 do
  local _, run, _, piece = split(held[i])
  if call('hget', job_key(run), 'version') == version and call('zscore', LEASES, held[i]) then
    local taken = tonumber(call('hget', work_key(run), 'a:' .. piece) or moment)
    if alive(run) and moment - taken < tonumber(ARGV[2]) then
      busy = busy + 1
    else
      stuck = stuck + 1
    end
  end
end
local bytes, promised, kept = unpack(call('hmget', STORE, 'bytes', 'promised', 'kept'))
return { slots, busy, stuck, pieces, seconds_text(seconds), seconds_text(oldest), tonumber(bytes or 0),
  tonumber(promised or 0), tonumber(kept or 0), others }
