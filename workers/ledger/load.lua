-- How busy a version's workers are: slots, pieces waiting, and for how long the job that has waited
-- longest has been given nothing.
-- ARGV: version
local version = ARGV[1]
local moment = now()
local slots = 0
local others = {}
for _, node in ipairs(call('zrangebyscore', P .. 'nodes-seen', seconds_text(moment - 5), '+inf')) do
  local theirs, count = string.match(call('hget', P .. 'nodes', node) or '', '^(%S+) (%d+)$')
  if theirs == version then slots = slots + tonumber(count) elseif theirs then others[theirs] = 1 end
end
local pieces, oldest = 0, 0
for _, user in ipairs(call('zrange', users_key(version), 0, 999)) do
  for _, run in ipairs(call('zrange', lane_key(version, user), 0, 999)) do
    local following, chunks, since = unpack(call('hmget', work_key(run), 'next', 'chunks', 'since'))
    if since then
      pieces = pieces + call('llen', ready_key(run)) + tonumber(chunks) - tonumber(following)
      oldest = math.max(oldest, moment - tonumber(since))
    end
  end
end
local names = {}
for name in pairs(others) do names[#names + 1] = name end
table.sort(names)
local bytes, promised = unpack(call('hmget', STORE, 'bytes', 'promised'))
return { slots, pieces, seconds_text(oldest), tonumber(bytes or 0), tonumber(promised or 0), names }
