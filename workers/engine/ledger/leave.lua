-- Remove a worker that takes no more turns.
-- ARGV: node
call('zrem', NODES_SEEN, ARGV[1])
call('hdel', NODES, ARGV[1])
