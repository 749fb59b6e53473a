package provider_test

import (
	"strings"
	"time"
)

// idClaim changes one claim of the ID token, nil removing it. What depends on
// the login is a function of it.
func idClaim(name string, value any) misconduct {
	return misconduct{ID: tokenChanges{Claims: wrongClaim(name, value)}}
}

func wrongClaim(name string, value any) func(jsonObject, *providerLogin) {
	return func(claims jsonObject, g *providerLogin) {
		switch v := value.(type) {
		case nil:
			delete(claims, name)
		case func(*providerLogin) any:
			claims[name] = v(g)
		default:
			claims[name] = v
		}
	}
}

func idPayload(change func(string) string) misconduct {
	return misconduct{ID: tokenChanges{Payload: change}}
}

// in is a time from now, in Unix seconds.
func in(d time.Duration) func(*providerLogin) any {
	return func(*providerLogin) any { return time.Now().Add(d).Unix() }
}

// nullClaim is a null that a claim is given, which nil takes away.
type nullClaim struct{}

// MarshalJSON returns null.
func (nullClaim) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// clockOff has the provider's clock differ from ours, in all that it signs. Its
// tokens say when they begin to count, too.
func clockOff(d time.Duration) misconduct {
	shift := func(claims jsonObject, _ *providerLogin) {
		now := time.Now().Add(d).Unix()
		claims["iat"], claims["nbf"], claims["exp"] = now, now, now+3600
		if _, id := claims["auth_time"]; id {
			claims["auth_time"] = now
		}
	}
	return misconduct{ID: tokenChanges{Claims: shift}, Userinfo: tokenChanges{Claims: shift}}
}

// claimRows is section 1: OpenID Connect Core §3.1.3.7, RFC 8725.
//
// The case: "exp 30 s ago (clock skew); iat 30 s ahead".
func claimRows() []tableRow {
	const year = 365 * 24 * time.Hour
	issuer := func(change func(string) string) func(*providerLogin) any {
		return func(g *providerLogin) any { return change(g.Client.Issuer) }
	}
	insert := func(s string) func(string) string {
		return func(p string) string { return p[:len(p)-1] + "," + s + "}" }
	}
	deep := `"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	return append([]tableRow{
		{name: "iss wrong", wrong: idClaim("iss", "https://evil.example/api/v2"), want: "T", log: "iss is wrong"},
		{name: "iss with a trailing slash", wrong: idClaim("iss", issuer(func(s string) string { return s + "/" })), want: "T"},
		{name: "iss in capitals", wrong: idClaim("iss", issuer(strings.ToUpper)), want: "T"},
		{name: "iss of another client", wrong: idClaim("iss", issuer(func(s string) string { return strings.Replace(s, "/rs/", "/es/", 1) })), want: "T"},
		{name: "aud wrong", wrong: idClaim("aud", "another"), want: "T", log: "aud is wrong"},
		{name: "aud missing", wrong: idClaim("aud", nil), want: "T"},
		{name: "aud []", wrong: idClaim("aud", []string{}), want: "T"},
		{name: "aud a number", wrong: idClaim("aud", 12), want: "T"},
		{name: `aud ["us","other"] without azp`, wrong: idClaim("aud", []string{clientID, "other"}), want: "T", log: "aud is wrong"},
		{name: "azp of another client", wrong: idClaim("azp", "other"), want: "T", log: "azp is wrong"},
		{name: `aud ["us"]`, wrong: idClaim("aud", []string{clientID}), want: "ok"},
		{name: "sub missing", wrong: idClaim("sub", nil), want: "T", log: "sub is missing"},
		{name: "sub empty", wrong: idClaim("sub", ""), want: "T"},
		{name: "sub a number", wrong: idClaim("sub", 12), want: "T"},
		{name: "sub over 255 characters", wrong: idClaim("sub", strings.Repeat("a", 256)), want: "T"},
		{name: "sub with control characters", wrong: idClaim("sub", subject+"\n"), want: "T"},
		{name: "exp missing", wrong: idClaim("exp", nil), want: "T", log: "exp is missing"},
		{name: "exp null", wrong: idClaim("exp", nullClaim{}), want: "T"},
		{name: "exp 0", wrong: idClaim("exp", 0), want: "T"},
		{name: "exp negative", wrong: idClaim("exp", -1), want: "T"},
		{name: "exp boolean", wrong: idClaim("exp", true), want: "T"},
		{name: "exp string", wrong: idClaim("exp", "4102444800"), want: "T"},
		{name: "exp 6 minutes ago", wrong: idClaim("exp", in(-6*time.Minute)), want: "T"},
		{name: "exp 10 years ahead", wrong: idClaim("exp", in(10*year)), want: "T"},
		{name: "exp 30 s ago", wrong: idClaim("exp", in(-30*time.Second)), want: "ok"},
		{name: "iat 30 s ahead", wrong: idClaim("iat", in(30*time.Second)), want: "ok"},
		{name: "a clock 2 minutes ahead of ours", wrong: clockOff(2 * time.Minute), want: "ok"},
		{name: "a clock 2 minutes behind ours", wrong: clockOff(-2 * time.Minute), want: "ok"},
		{name: "a clock an hour ahead of ours", wrong: clockOff(time.Hour), want: "T"},
		{name: "iat missing", wrong: idClaim("iat", nil), want: "T", log: "iat is missing"},
		{name: "iat a day ahead", wrong: idClaim("iat", in(24*time.Hour)), want: "T"},
		{name: "iat a year ago", wrong: idClaim("iat", in(-year)), want: "T"},
		{name: "nbf 5 minutes ahead", wrong: idClaim("nbf", in(5*time.Minute)), want: "T", log: "nbf is ahead"},
		{name: "nonce wrong", wrong: idClaim("nonce", strings.Repeat("n", 43)), want: "T", log: "nonce is wrong"},
		{name: "nonce missing", wrong: idClaim("nonce", nil), want: "T"},
		{name: "nonce another attempt's", wrong: idClaim("nonce", func(g *providerLogin) any { return g.Before.Get("nonce") }), want: "T"},
		{name: "nonce an array", wrong: idClaim("nonce", func(g *providerLogin) any { return []string{g.Request.Get("nonce")} }), want: "T"},
		{name: "at_hash wrong", wrong: idClaim("at_hash", b64(make([]byte, 16))), want: "T", log: "at_hash is wrong"},
		{name: "at_hash absent", wrong: idClaim("at_hash", nil), want: "ok"},
		{name: "duplicate iss key", wrong: idPayload(insert(`"iss":"https://evil.example"`)), want: "T", log: "strict JSON"},
		{name: "duplicate aud key", wrong: idPayload(insert(`"aud":"other"`)), want: "T"},
		{name: "duplicate sub key", wrong: idPayload(insert(`"sub":"somebody-else"`)), want: "T"},
		{name: "duplicate sub key, escaped", wrong: idPayload(insert(`"\u0073ub":"somebody-else"`)), want: "T"},
		{name: "aud and Aud both", wrong: idPayload(insert(`"Aud":"other"`)), want: "T"},
		{name: "payload null", wrong: idPayload(func(string) string { return "null" }), want: "T"},
		{name: "payload []", wrong: idPayload(func(string) string { return "[]" }), want: "T"},
		{name: "payload with trailing bytes", wrong: idPayload(func(p string) string { return p + "{}" }), want: "T"},
		{name: "payload of invalid UTF-8", wrong: idPayload(insert("\"x\":\"\xff\"")), want: "T"},
		{name: "payload nested 9 000 deep", wrong: idPayload(insert(deep)), want: "T"},
		{
			name: "_claim_sources present", want: "ok",
			wrong: idClaim("_claim_sources", func(g *providerLogin) any {
				return jsonObject{"src1": jsonObject{"endpoint": g.Client.URL + "/elsewhere"}}
			}),
		},
	}, levelClaims()...)
}

// levelClaims: the browser could have taken the level out of the request, so that
// the answer alone counts.
func levelClaims() []tableRow {
	rows := []tableRow{
		{name: "acr missing when one was required", wrong: idClaim("acr", nil)},
		{name: "acr wrong when one was required", wrong: idClaim("acr", "eidas1")},
		{name: "acr in other case when one was required", wrong: idClaim("acr", "EIDAS2")},
		{name: "acr an array when one was required", wrong: idClaim("acr", []string{"eidas2"})},
	}
	for i := range rows {
		rows[i].acr, rows[i].want = "eidas2 eidas3", "T"
		rows[i].status, rows[i].page, rows[i].log = 403, "refused", "acr is not one of those required"
	}
	return append(rows, tableRow{name: "acr one of those required", acr: "eidas2 eidas3", wrong: idClaim("acr", "eidas3"), want: "ok"})
}
