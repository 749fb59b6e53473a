// An application on a platform: what Metabase and n8n are to the gate. It listens where
// the variables of either say, names the variables it was given at /variables, and,
// with STUBBORN set, does not end when it is asked to.
import http from 'node:http';

const host = process.env.MB_JETTY_HOST ?? process.env.N8N_LISTEN_ADDRESS;
const port = process.env.N8N_PORT ?? process.env.PORT;

process.on('SIGTERM', () => process.env.STUBBORN || process.exit(0));

http.createServer((req, res) => {
  res.setHeader('Content-Type', 'text/html; charset=utf-8');
  if (req.url === '/variables') {
    res.end(Object.keys(process.env).join(' '));
    return;
  }
  res.end(`<!doctype html><title>app</title><main data-page="app"><a id="logout" href="/.proconnect/logout">Se déconnecter</a></main>`);
}).listen(port, host);
