package caddytest

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// Answer is what an endpoint answers, with this misconduct.
func (l *Client) Answer(w http.ResponseWriter, r *http.Request, endpoint string, m Misconduct) {
	reply := &Reply{Status: http.StatusOK, Media: "application/json; charset=utf-8", Head: w.Header()}
	switch endpoint {
	case "discovery":
		reply.Body = l.document().String()
	case "jwks":
		reply.Body = JSON{"keys": KeySet()}.String()
	case "authorize":
		l.authorize(w, r, m)
		return
	case "token":
		l.exchange(reply, r, m)
	case "userinfo":
		l.describe(reply, r, m)
	default:
		reply.Status, reply.Body = http.StatusNotFound, "{}"
	}
	if change := m.Reply[endpoint]; change != nil {
		change(reply)
	}
	w.Header().Set("Content-Type", reply.Media)
	w.WriteHeader(reply.Status)
	_, _ = w.Write([]byte(reply.Body))
}

func (l *Client) document() JSON {
	l.p.Mu.Lock()
	defer l.p.Mu.Unlock()
	doc := JSON{
		"issuer": l.issuer(), "authorization_endpoint": l.URL + "/authorize", "token_endpoint": l.URL + "/token",
		"userinfo_endpoint": l.URL + "/userinfo", "jwks_uri": l.URL + "/jwks",
		"authorization_response_iss_parameter_supported": true,
	}
	if !l.NoEndSession {
		doc["end_session_endpoint"] = l.URL + "/end-session"
	}
	return doc
}

// authorize logs everybody in at once, as a running single sign-on does.
func (l *Client) authorize(w http.ResponseWriter, r *http.Request, m Misconduct) {
	q := r.URL.Query()
	g := &ProviderLogin{
		Client: l, Request: q,
		Code: l.p.secret("code"), Access: l.p.secret("access"), Refresh: l.p.secret("refresh"),
	}
	l.p.Hide(q.Get("state"), "state")
	l.p.Hide(q.Get("nonce"), "nonce")
	l.p.Mu.Lock()
	if l.last != nil {
		g.Before = l.last.Request
	}
	l.last, l.logins[g.Code], l.logins[g.Access] = g, g, g
	l.p.Mu.Unlock()
	answer := url.Values{"code": {g.Code}, "state": {q.Get("state")}, "iss": {l.issuer()}}
	if m.Answer != nil {
		m.Answer(answer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
}

// exchange checks a token request as RFC 6749 and RFC 7636 ask.
func (l *Client) exchange(reply *Reply, r *http.Request, m Misconduct) {
	refuse := func(code string) {
		reply.Status, reply.Body = http.StatusBadRequest, JSON{"error": code}.String()
	}
	_, _, basic := r.BasicAuth()
	if r.Method != http.MethodPost || basic || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		refuse("invalid_request")
		return
	}
	f := r.PostForm
	l.p.Hide(f.Get("code_verifier"), "verifier")
	if f.Get("client_id") != ClientID || f.Get("client_secret") != ClientSecret || f.Get("grant_type") != "authorization_code" {
		refuse("invalid_client")
		return
	}
	l.p.Mu.Lock()
	g := l.logins[f.Get("code")]
	if g == nil || g.Request.Get("redirect_uri") != f.Get("redirect_uri") || g.Request.Get("code_challenge") != challengeOf(f.Get("code_verifier")) {
		l.p.Mu.Unlock()
		if l == l.p.Client {
			l.p.t.Error("token call with a wrong code, redirect_uri or verifier")
		}
		refuse("invalid_grant")
		return
	}
	g.Exchanged++
	exchanging := l.Exchanging
	l.p.Mu.Unlock()
	if exchanging != nil {
		goOn := make(chan struct{})
		exchanging <- goOn
		<-goOn
	}
	reply.Body = g.Tokens(m).String()
}

// challengeOf is RFC 7636 §4.2.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return forge.Base64URL(sum[:])
}

// Tokens is the body of a good answer of the token endpoint, but for misconduct.
func (g *ProviderLogin) Tokens(m Misconduct) JSON {
	token := m.ID.make(g, g.Client.Alg, g.IDClaims())
	g.Client.p.Mu.Lock()
	g.IDToken, g.Client.Issued = token, token
	g.Client.p.Mu.Unlock()
	g.Client.p.Hide(g.IDToken, "id token")
	return JSON{
		"access_token": g.Access, "refresh_token": g.Refresh, "id_token": g.IDToken,
		"token_type": "Bearer", "expires_in": 3600, "scope": g.Request.Get("scope"),
	}
}

// describe answers userinfo.
func (l *Client) describe(reply *Reply, r *http.Request, m Misconduct) {
	access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	l.p.Mu.Lock()
	g := l.logins[access]
	l.p.Mu.Unlock()
	if g == nil || r.Method != http.MethodGet {
		reply.Status, reply.Body = http.StatusUnauthorized, `{"error":"invalid_token"}`
		return
	}
	person := g.person()
	if l.UserinfoAlg == "none" {
		if m.Userinfo.Claims != nil {
			m.Userinfo.Claims(person, g)
		}
		reply.Body = person.String()
		return
	}
	reply.Media, reply.Body = "application/jwt; charset=utf-8", m.Userinfo.make(g, l.UserinfoAlg, g.signed(person))
}
