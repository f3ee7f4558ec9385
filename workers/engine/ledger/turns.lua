-- Number of turns to publish: none while messages wait; else one for every waiting piece, up to the
-- number of children.
-- ARGV: version, queue
local version = ARGV[1]
if call('llen', ARGV[2]) > 0 then return 0 end
local all = slots_of(version)
local pieces = 0
for _, user in ipairs(call('zrange', users_key(version), 0, all)) do
  for _, run in ipairs(call('zrange', lane_key(version, user), 0, all)) do
    pieces = pieces + (pieces_of(run))
    if pieces >= all then return all end
  end
end
return pieces
