// Package proconnect puts ProConnect, the French State's OpenID Connect login for
// professionals, in front of sites that Caddy serves, decides who may enter, and
// hands the identity to the handlers that follow.
//
// To read it, begin where a request does:
//
//   - handler.go: ServeHTTP, the way of a request; request.go: what all gates on one
//     request share; exchange.go: one request at one gate, and its answer
//   - login.go, callback.go, login_error.go, logout.go, refuse.go: the ways of a
//     person; endpoints.go tells which address is which; answer.go writes the answers
//     and events.go tells of them
//   - module.go and client.go: what an operator can set; caddyfile*.go: how it is
//     written; module_check.go: what is refused; app.go: what gates share
//
// What these are built on is in internal: claims (what ProConnect says of people), rules
// (who may enter), session (what is kept between requests), revocation (whose session
// was ended), rp (ProConnect's protocol),
// upstream (what may reach the site), redact (what logs may hold), origin, pages, seal, listfile, siret, and the
// sandbox, which shares no code with rp.
package proconnect
