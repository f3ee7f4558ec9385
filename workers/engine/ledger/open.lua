-- Allow a stage's join once all its chunks are kept: all turns of its chord have returned.
-- ARGV: run, stage
local run, stage = ARGV[1], ARGV[2]
if not alive(run) or call('hget', work_key(run), 'stage') ~= stage then return 0 end
call('hset', work_key(run), 'open', 1)
local root = root_of(run)
if call('hget', work_key(run), 'h:' .. root) == '-' then
  local lease = '- ' .. run .. ' ' .. call('hget', work_key(run), 'cut') .. ' ' .. root
  call('zrem', LEASES, lease)
  put_back(lease)
end
return 1
