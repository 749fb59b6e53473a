// What an application on Node reads in a header: as Node gives it, and decoded.
import { createServer } from 'node:http'

const decoded = (text) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const server = createServer((req, res) => {
  const raw = req.headers['x-proconnect-usual-name'] ?? ''
  const names = Object.keys(req.headers)
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify({ raw, decoded: decoded(raw), names }))
})
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ name: 'node', port: server.address().port }))
})
process.stdin.resume().on('end', () => process.exit())
