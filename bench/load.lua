-- Requests for wrk, put together from a file that bench/load.py writes; the figures come out as one line of JSON.
-- Arguments: the file, and the place in the sequence to begin at. Sessions change fastest, then bodies (where they are mixed, both).

local templates, clients, position, mixed

function init(arguments)
   local data = dofile(arguments[1])
   templates, clients, position, mixed = data.templates, data.clients, tonumber(arguments[2]), data.mixed and 1 or 0
end

function request()
   local number = position % #clients
   local client = clients[number + 1]
   local template = templates[(math.floor(position / #clients) + number * mixed) % #templates + 1]
   position = position + 1
   local pieces = {}
   for index, piece in ipairs(template) do
      pieces[index] = index % 2 == 0 and client[piece] or piece
   end
   return table.concat(pieces)
end

function done(summary, latency)
   local counts = {}
   for index = 1, #latency do
      local value, count = latency(index)
      counts[index] = string.format("[%d,%d]", value, count)
   end
   local failures = summary.errors
   io.write(string.format(
      '\n{"requests":%d,"duration_us":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"latency_us":[%s]}\n',
      summary.requests, summary.duration, failures.connect, failures.read, failures.write, failures.status, failures.timeout,
      table.concat(counts, ",")))
end
