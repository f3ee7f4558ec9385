-- How long the users of a version's workers have waited: user, pieces that wait, and the longest time
-- that a job of theirs with waiting pieces has been given nothing, one after the other.
-- ARGV: version
local version = ARGV[1]
local moment = now()
local reply = {}
for _, user in ipairs(call('zrange', users_key(version), 0, -1)) do
  local pieces, oldest = 0, 0
  for _, run in ipairs(call('zrange', lane_key(version, user), 0, -1)) do
    local here, _, since = pieces_of(run)
    pieces = pieces + here
    if here > 0 then oldest = math.max(oldest, moment - since) end
  end
  reply[#reply + 1] = user
  reply[#reply + 1] = pieces
  reply[#reply + 1] = seconds_text(oldest)
end
return reply
