-- The load of a version's workers, for people and autoscalers: it reads every waiting job.
-- ARGV: version
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
local bytes, promised, kept = unpack(call('hmget', STORE, 'bytes', 'promised', 'kept'))
return { slots, pieces, seconds_text(seconds), seconds_text(oldest), tonumber(bytes or 0),
  tonumber(promised or 0), tonumber(kept or 0), others }
