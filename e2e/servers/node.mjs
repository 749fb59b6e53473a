// Web frameworks as their users write them: each decides by its own routing what
// a request asks for, and says so. None knows of a gate.
//
// A route that is meant for /admin, for PDF files, and for what is public. The
// answer names all that took part: SERVED:admin: SERVED:pdf: SERVED:closed:
import { createServer } from 'node:http'
import { parse } from 'node:url'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import Router from '@koa/router'
import express from 'express'
import * as h3 from 'h3'
import * as h3v1 from 'h3-1'
import { Hono } from 'hono'
import Koa from 'koa'
import koaStatic from 'koa-static'

const files = process.env.FILES

/** The answer that says what was served. */
function answer(names) {
  const all = names.includes('public') ? names : [...names, 'closed']
  return [...new Set(all)].map((name) => `SERVED:${name}:`).join(' ')
}

/** What a handler without a router takes a path for. */
function read(path) {
  const names = []
  if (path === '/admin' || path.startsWith('/admin/')) names.push('admin')
  if (path.endsWith('.pdf')) names.push('pdf')
  if (path.startsWith('/public/')) names.push('public')
  return answer(names)
}

/** A server without a framework, that reads a path in a way of its own. */
function plain(pathOf) {
  return createServer((req, res) => {
    try {
      res.end(read(pathOf(req)))
    } catch {
      res.writeHead(400).end('bad request')
    }
  })
}

const base = 'http://localhost'

function honoApp() {
  const app = new Hono()
  const note = (name) => async (c, next) => {
    c.set('names', [...(c.get('names') ?? []), name])
    await next()
  }
  app.use('/admin/*', note('admin'))
  app.use('/public/*', note('public'))
  app.all('/:file{.+\\.pdf}', note('pdf'))
  app.all('*', (c) => c.text(answer(c.get('names') ?? [])))
  return app
}

function honoFiles() {
  const app = new Hono()
  app.use('*', serveStatic({ root: files }))
  return app
}

function expressApp() {
  const app = express()
  const note = (name) => (req, res, next) => {
    res.locals.names = [...(res.locals.names ?? []), name]
    next()
  }
  app.use('/admin', note('admin'))
  app.use('/public/', note('public'))
  app.all(/\.pdf$/, note('pdf'))
  app.use((req, res) => res.send(answer(res.locals.names ?? [])))
  return app
}

function expressFiles() {
  const app = express()
  app.use(express.static(files, { dotfiles: 'ignore' }))
  return app
}

function koaRouter() {
  const app = new Koa()
  const router = new Router()
  const note = (name) => (ctx, next) => {
    ctx.state.names = [...(ctx.state.names ?? []), name]
    return next()
  }
  router.all('/admin', note('admin'))
  router.all('/admin/{*rest}', note('admin'))
  router.all('/public/{*rest}', note('public'))
  router.all(/\.pdf$/, note('pdf'))
  router.all('/{*rest}', (ctx) => {
    ctx.body = answer(ctx.state.names ?? [])
  })
  app.use(router.routes())
  return app
}

function koaPath() {
  const app = new Koa()
  app.silent = true // of each address that it cannot decode it prints a stack
  app.use((ctx) => {
    ctx.body = read(decodeURIComponent(ctx.path))
  })
  return app
}

function koaFiles() {
  const app = new Koa()
  app.use(koaStatic(files))
  return app
}

function h3App() {
  const app = new h3.H3()
  const note = (name) => (event, next) => {
    event.context.names = [...(event.context.names ?? []), name]
    return next()
  }
  app.use('/admin/**', note('admin'))
  app.use('/public/**', note('public'))
  app.all('/**', (event) => {
    const names = event.context.names ?? []
    return answer(event.url.pathname.endsWith('.pdf') ? [...names, 'pdf'] : names)
  })
  return app
}

function h3v1App() {
  const app = h3v1.createApp()
  const router = h3v1.createRouter()
  const said = (...names) => h3v1.eventHandler((event) => answer(event.path.split('?')[0].endsWith('.pdf') ? [...names, 'pdf'] : names))
  router.use('/admin', said('admin'))
  router.use('/admin/**', said('admin'))
  router.use('/public', said('public')) // what it takes /public/ for
  router.use('/public/**', said('public'))
  router.use('/**', said())
  app.use(router)
  return app
}

const servers = {
  'node-url': plain((req) => new URL(req.url, base).pathname),
  'node-url-decoded': plain((req) => decodeURIComponent(new URL(req.url, base).pathname)),
  'node-concatenated': plain((req) => new URL(base + req.url).pathname),
  'node-parse': plain((req) => decodeURIComponent(parse(req.url).pathname)),
  express: createServer(expressApp()),
  'express-files': createServer(expressFiles()),
  'koa-router': createServer(koaRouter().callback()),
  'koa-path': createServer(koaPath().callback()),
  'koa-files': createServer(koaFiles().callback()),
  'h3-1': createServer(h3v1.toNodeListener(h3v1App())),
  h3: createServer(h3.toNodeHandler(h3App())),
}

function ready(name, server) {
  console.log(JSON.stringify({ name, port: server.address().port }))
}

for (const [name, server] of Object.entries(servers)) {
  server.listen(0, '127.0.0.1', () => ready(name, server))
}
for (const [name, app] of Object.entries({ hono: honoApp(), 'hono-files': honoFiles() })) {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => ready(name, server))
}
process.stdin.resume().on('end', () => process.exit(0))
