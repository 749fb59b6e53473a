package proconnect_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSONErrors: JSON comes without the adapter's checks, so what would widen
// access, or do nothing without a word, is refused here too.
func TestJSONErrors(t *testing.T) {
	const (
		sandbox = `{"clients": {"default": {"environment": "sandbox"}}}`
		gate    = `{"rules": [{"effect": "allow", "any": true}]}`
	)
	for name, c := range map[string]struct{ app, gate, matcher, want string }{
		"nothing to say":          {app: sandbox, gate: gate, want: ""},
		"unknown field of gate":   {gate: `{"rules": [{"effect": "allow", "any": true}], "optionnal": true}`, want: `unknown field "optionnal"`},
		"unknown field of rule":   {gate: `{"rules": [{"effect": "allow", "anyone": true}]}`, want: `unknown field "anyone"`},
		"unknown field of client": {app: `{"clients": {"default": {"environement": "sandbox"}}}`, want: `unknown field "environement"`},
		"unknown field of app":    {app: `{"client": {}}`, want: `unknown field "client"`},
		"unknown field of matcher": {
			matcher: `{"any": true, "effect": "allow"}`, want: `unknown field "effect"`,
		},
		"empty gate":        {gate: `{}`, want: "no allow rule: nobody could enter"},
		"null rules":        {gate: `{"rules": null}`, want: "no allow rule: nobody could enter"},
		"null rule":         {gate: `{"rules": [null]}`, want: `rule 1: effect "": want allow or deny`},
		"effect in caps":    {gate: `{"rules": [{"effect": "Allow", "any": true}]}`, want: `rule 1: effect "Allow": want allow or deny`},
		"empty matcher":     {matcher: `{}`, want: "proconnect: no conditions"},
		"any and more":      {matcher: `{"any": true, "conditions": [{"field": "roles", "values": ["a"]}]}`, want: "proconnect any: it takes no conditions"},
		"matcher's client":  {matcher: `{"any": true, "client": "agents"}`, want: `client "agents": no ProConnect client has this name`},
		"null client":       {app: `{"clients": {"default": null}}`, want: `client "default" is empty: say which ProConnect it is of`},
		"unnamed client":    {app: `{"clients": {"": {"environment": "sandbox"}}}`, want: `the name "": want up to 40 letters, digits and hyphens`},
		"no environment":    {app: `{"clients": {"default": {}}}`, want: "say which ProConnect: environment <name>"},
		"environment":       {app: `{"clients": {"default": {"environment": "prod"}}}`, want: `environment "prod" is unknown`},
		"no credentials":    {app: `{"clients": {"default": {"environment": "production"}}}`, want: "client_id is missing"},
		"signing_alg":       {app: `{"clients": {"default": {"environment": "sandbox", "signing_alg": "none"}}}`, want: `signing_alg "none": want one of`},
		"scopes":            {app: `{"clients": {"default": {"environment": "sandbox", "scopes": ["profile"]}}}`, want: `scopes: "profile" is unknown`},
		"claims":            {app: `{"clients": {"default": {"environment": "sandbox", "claims": ["name"]}}}`, want: `claims: "name" is unknown`},
		"lifetime":          {app: `{"clients": {"default": {"environment": "sandbox", "session": {"lifetime": -1}}}}`, want: "session: lifetime -1ns: want from 1m to 720h"},
		"cookie_name":       {app: `{"clients": {"default": {"environment": "sandbox", "session": {"cookie_name": "a;b"}}}}`, want: `session: cookie_name "a;b"`},
		"title of a client": {app: `{"clients": {"default": {"environment": "sandbox", "title": "{env.T}"}}}`, want: `title "{env.T}": no placeholders here`},
		"login":             {gate: `{"login": "never", "rules": [{"effect": "allow", "any": true}]}`, want: `login "never": want`},
		"errors":            {gate: `{"errors": "none", "rules": [{"effect": "allow", "any": true}]}`, want: `errors "none": want`},
		"acr":               {gate: `{"acr": ["eidas9"], "rules": [{"effect": "allow", "any": true}]}`, want: `acr "eidas9": unknown level`},
		"acr twice":         {gate: `{"acr": ["eidas2", "eidas2"], "rules": [{"effect": "allow", "any": true}]}`, want: `acr: duplicate value "eidas2"`},
		"headers":           {gate: `{"headers": "X-User", "rules": [{"effect": "allow", "any": true}]}`, want: `headers "X-User": want a prefix`},
		"path":              {gate: `{"path": "/", "rules": [{"effect": "allow", "any": true}]}`, want: `path "/": want a path`},
		"origin":            {gate: `{"origin": "https://a/b", "rules": [{"effect": "allow", "any": true}]}`, want: `origin "https://a/b": want scheme and host alone`},
		"link":              {gate: `{"links": [{"text": "x", "url": "data:x"}], "rules": [{"effect": "allow", "any": true}]}`, want: `link "data:x": want an http or https URL`},
		"not a matcher":     {gate: `{"match": [{"nope": {}}], "rules": [{"effect": "allow", "any": true}]}`, want: "unknown module: http.matchers.nope"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.app == "" {
				c.app = sandbox
			}
			if c.gate == "" {
				c.gate = gate
			}
			err := validate(t, jsonConfig(t, c.app, c.gate, c.matcher))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// jsonConfig is a site on localhost with a gate, and a matcher behind it.
func jsonConfig(t *testing.T, app, gate, matcher string) []byte {
	t.Helper()
	handler := make(map[string]any)
	if err := json.Unmarshal([]byte(gate), &handler); err != nil {
		t.Fatal(err)
	}
	handler["handler"] = "proconnect"
	inner := []any{map[string]any{"handle": []any{handler}}}
	if matcher != "" {
		inner = append(inner, map[string]any{
			"match":  []any{map[string]any{"proconnect": json.RawMessage(matcher)}},
			"handle": []any{map[string]any{"handler": "static_response"}},
		})
	}
	site := map[string]any{
		"match":  []any{map[string]any{"host": []string{"localhost"}}},
		"handle": []any{map[string]any{"handler": "subroute", "routes": inner}},
	}
	config, err := json.Marshal(map[string]any{"apps": map[string]any{
		"proconnect": json.RawMessage(app),
		"http":       map[string]any{"servers": map[string]any{"s": map[string]any{"listen": []string{":80"}, "routes": []any{site}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return config
}
