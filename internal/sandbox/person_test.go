package sandbox

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

const allScopes = "openid given_name usual_name email uid siret siren phone organizational_unit belonging_population " +
	"chorusdt idp_id idp_acr organization_label roles custom"

// asJSON compares without regard to Go's types.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// One POST with a few fields logs in; what it does not say is the first person's.
func TestFormFields(t *testing.T) {
	tests := []struct {
		name   string
		fields []string
		claim  string
		want   string // JSON; null: the claim is absent
	}{
		{"default name", nil, "given_name", `"Camille"`},
		{"default roles", nil, "roles", `["agent_public","agent_public_etat"]`},
		{"default custom", nil, "custom", `{}`},
		{"no siren", nil, "siren", `null`},
		{"siren", []string{"siren", "130025265"}, "siren", `"130025265"`},
		{"email keeps its case", []string{"email", "A.B@Example.ORG"}, "email", `"A.B@Example.ORG"`},
		{"empty is absent", []string{"organization_label", "-"}, "organization_label", `null`},
		{"phone", []string{"phone_number", "+33 1"}, "phone_number", `"+33 1"`},
		{"chorusdt", []string{"chorusdt:matricule", "42"}, "chorusdt:matricule", `"42"`},
		{"roles repeated", []string{"roles", "dirigeant", "roles", "agent_public", "roles", "-"}, "roles", `["dirigeant","agent_public"]`},
		{"roles in one field", []string{"roles", "agent_public agent_public_etat, dirigeant agent_public"}, "roles", `["agent_public","agent_public_etat","dirigeant"]`},
		{"roles empty", []string{"roles", "-"}, "roles", `[]`},
		{"population", []string{"belonging_population", "agent titulaire"}, "belonging_population", `"agent titulaire"`},
		{"populations", []string{"belonging_population", "a", "belonging_population", "b"}, "belonging_population", `["a","b"]`},
		{"no population", []string{"belonging_population", "-"}, "belonging_population", `null`},
		{"no level", []string{"acr", "-"}, "idp_acr", `""`},
		{"siret with spaces", []string{"siret", "219 200 235 00014"}, "siret", `"` + siretClamart + `"`},
		{"custom", []string{"custom", `{"a":{"b":[1,2]}}`}, "custom", `{"a":{"b":[1,2]}}`},
		{"custom blank", []string{"custom", " "}, "custom", `{}`},
		{"siret", []string{"siret", siretClamart}, "siret", `"` + siretClamart + `"`},
		{"siret of La Poste", []string{"siret", "35600000009075"}, "siret", `"35600000009075"`},
		{"siret absent", []string{"siret", "-"}, "siret", `null`},
		{"a person", []string{"person", "commune"}, "siret", `"` + siretClamart + `"`},
		{"a person, changed", []string{"person", "commune", "uid", "x"}, "uid", `"x"`},
		{"lookup down", []string{"person", "lookup-down"}, "roles", `[]`},
		{"hostile", []string{"person", "hostile"}, "usual_name", `"{{env \"HOME\"}}"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			_, got := b.claims(b.login(request("scope", allScopes), tt.fields...))
			if got := asJSON(t, got[tt.claim]); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFormMistakes(t *testing.T) {
	for _, fields := range [][]string{
		{"custom", "{"},
		{"custom", "[]"},
		{"custom", "null"},
		{"custom", `{} {}`},
		{"person", "nobody"},
		{"siret", "12345678910007"},
		{"siret", "13002526500014"},
		{"siret", "130025265"},
		{"siret", "3002526500013"},
		{"siret", "abcdefghijklmn"},
		{"siren", "130025266"},
		{"siren", "13002526500013"},
		{"siren", "13002526"},
		{"acr", "eidas9"},
		{"acr", "EIDAS1"},
		{"amr", "pwd totp"},
		{"roles", "agent_publique"},
		{"roles", "agent_public", "roles", "agent public"},
		{"email", "a@example.org", "email", "b@example.org"},
		{"siret", siretDINUM, "siret", siretClamart},
		{"acr", "eidas1", "acr", "eidas2"},
	} {
		t.Run(strings.Join(fields, " "), func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			res := b.login(request("scope", allScopes), append(slices.Clone(fields), "given_name", "Typed")...)
			body := text(t, res)
			if res.StatusCode != http.StatusBadRequest || !strings.Contains(body, `role="alert"`) || b.cookie != nil {
				t.Errorf("got %d, cookie %v", res.StatusCode, b.cookie)
			}
			if fields[0] != "person" && !strings.Contains(body, `value="Typed"`) {
				t.Error("what was typed is lost")
			}
			if reason := between(body, `<code lang="en">`, "</code>"); !strings.HasPrefix(reason, fields[0]+": ") {
				t.Errorf("the reason is %q", reason)
			}
		})
	}
}

// between cuts out of a page what stands between two texts.
func between(page, before, after string) string {
	_, rest, _ := strings.Cut(page, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

// A claim that ProConnect does not have, or one that is mistyped, logs nobody in:
// the person would quietly stay as they were.
func TestUnknownClaims(t *testing.T) {
	for _, name := range []string{"e-mail", "phone", "Siret", "siret ", "family_name", "sub", "idp_acr", "organisation_label", "belonging-population"} {
		for where, login := range map[string]func(b *browser) *http.Response{
			"in the form": func(b *browser) *http.Response { return b.login(request(), name, "x") },
			"in the form, the request in the query": func(b *browser) *http.Response {
				return b.do("POST", "/authorize?"+request().Encode(), url.Values{name: {"x"}, "person": {"commune"}})
			},
			"in the query": func(b *browser) *http.Response { return b.authorize(request(name, "x")) },
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				b := &browser{t: t, server: newServer(t, nil)}
				res := login(b)
				if body := text(t, res); res.StatusCode != http.StatusBadRequest || b.cookie != nil || !strings.Contains(body, html.EscapeString(strconv.Quote(name)+": unknown to ProConnect")) {
					t.Errorf("got %d, cookie %v: %s", res.StatusCode, b.cookie, body)
				}
			})
		}
	}
}

// The page's own form, sent as it stands, is right; with no role ticked there is none.
func TestFormOfThePage(t *testing.T) {
	for _, p := range presets {
		v := &view{loginView: new(loginView)}
		v.fill(p.person)
		form := []string{"custom", string(p.person.custom), "acr", p.person.acr(), "amr", v.AMR, "roles", "-", "error", "-"}
		for _, f := range v.Fields {
			form = append(form, f.Name, f.Value)
		}
		b := &browser{t: t, server: newServer(t, nil)}
		_, got := b.claims(b.login(request("scope", allScopes), form...))
		if got["given_name"] != p.person.text["given_name"] || asJSON(t, got["roles"]) != "[]" {
			t.Errorf("%s: got %v", p.ID, got)
		}
	}
	b := &browser{t: t, server: newServer(t, nil)}
	if page := text(t, b.authorize(request())); !strings.Contains(page, `<input type="hidden" name="roles" value="">`) {
		t.Error("a form without a ticked role says nothing of roles: the first person's would stay")
	}
}

func TestOnlyGrantedScopesTell(t *testing.T) {
	tests := []struct{ scope, claims string }{
		{"openid", "sub"},
		{"openid email", "email sub"},
		{"openid phone", "phone_number sub"},
		{"openid chorusdt", "sub"},
		{"openid roles custom unheard_of", "custom roles sub"},
		{allScopes, "belonging_population custom email given_name idp_acr idp_id organization_label organizational_unit phone_number roles siret sub uid usual_name"},
	}
	for _, tt := range tests {
		t.Run(tt.scope, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, func(c *Config) { c.UserinfoSigningAlg = "none" })}
			_, info := b.claims(b.login(request("scope", tt.scope)))
			var got []string
			for name := range info {
				got = append(got, name)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tt.claims {
				t.Errorf("got %v, want %s", got, tt.claims)
			}
		})
	}
}

func TestSubjects(t *testing.T) {
	sub := func(fields ...string) string {
		b := &browser{t: t, server: newServer(t, nil)}
		_, info := b.claims(b.login(request(), fields...))
		return fmt.Sprint(info["sub"])
	}
	first := sub()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first) {
		t.Errorf("got %s, want a UUID", first)
	}
	for _, tt := range []struct {
		name   string
		fields []string
		same   bool
	}{
		{"again", nil, true},
		{"a new email", []string{"email", "new@example.org"}, true},
		{"another organisation", []string{"siret", siretClamart}, true},
		{"another user", []string{"uid", "other"}, false},
		{"another provider", []string{"idp_id", idpProConnect}, false},
		{"no uid", []string{"uid", "-"}, false},
	} {
		if got := sub(tt.fields...); (got == first) != tt.same {
			t.Errorf("%s: %s and %s", tt.name, first, got)
		}
	}
}

func TestPresets(t *testing.T) {
	subjects := make(map[string]string)
	for _, p := range presets {
		if s := p.person.text["siret"]; !siret.IsSIRET(s) || !siret.Valid(s) {
			t.Errorf("%s: siret %s", p.ID, s)
		}
		if other := subjects[p.person.subject()]; other != "" {
			t.Errorf("%s and %s are one person", p.ID, other)
		}
		subjects[p.person.subject()] = p.ID
		if !json.Valid(p.person.custom) || p.person.roles == nil || !slices.Contains(acrValues, p.person.idpACR) {
			t.Errorf("%s: %v", p.ID, p.person)
		}
	}
}
