-- A worker takes no turns any more.
-- ARGV: node
call('zrem', NODES_SEEN, ARGV[1])
call('hdel', NODES, ARGV[1])
