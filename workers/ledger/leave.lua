-- A worker has ended in order: its children hold nothing any more, and it takes no turns.
-- ARGV: node
call('zrem', P .. 'nodes-seen', ARGV[1])
call('hdel', P .. 'nodes', ARGV[1])
