// Package rp is a relying party of ProConnect: it sends people there to log in,
// and turns what comes back into claims that can be trusted.
//
// It speaks the authorization code flow of OpenID Connect Core 1.0 with PKCE
// (RFC 7636), issuer identification (RFC 9207) and the advice of RFC 9700 and
// RFC 8725, and nothing else: one response type, one grant, one signature
// algorithm per client, pinned. Where the specifications leave a choice, the
// strict reading is taken: an answer that is odd is refused.
//
// A login reads in the order of its files: [Provider.AuthorizationURL] sends the
// browser away, [ParseResponse] reads what it brings back, [Provider.Finish]
// exchanges the code, verifies the ID token and fetches userinfo.
//
// Every error is an [*Error] whose text is made of fixed words: it can be logged
// as it is. Nothing here logs, keeps a session, or starts work by itself: the
// network is first used when a request needs it.
package rp
