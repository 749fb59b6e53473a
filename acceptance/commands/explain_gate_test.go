package commands

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seed"
)

// values are what rules compare and what people have, by claim. A few, so that they meet.
var values = map[string][]string{
	"siret":                {"13002526500013", "21920023500014"},
	"siren":                {"130025265", "219200235"},
	"roles":                {"agent_public", "agent_public_etat"},
	"belonging_population": {"agent", "prestataire"},
	"organizational_unit":  {"DRH", "DSI"},
	"email":                {"jeanne@example.gouv.fr", "*@example.gouv.fr", "camille@autre.gouv.fr"},
	"idp_id":               {"71144ab3-ee1a-4401-b7b3-79b44f7daeeb", "2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f"},
	"custom.level":         {"one", "two"},
	"acr":                  {"eidas1", "eidas1-mfa"},
}

// chance makes configurations and people, the same ones for the same seed.
type chance struct{ *rand.Rand }

func newChance(t *testing.T) chance { return chance{seed.Rand(t)} }

func (c chance) in(n int) bool { return c.IntN(n) == 0 }

// condition is a random line of a rule.
func (c chance) condition(dir string) string {
	field := slices.Sorted(maps.Keys(values))[c.IntN(len(values))]
	switch {
	case field == "acr" && c.in(2):
		return "mfa"
	case field != "acr" && c.in(5):
		return field + " absent"
	case field == "siret" && c.in(2):
		return "siret from " + filepath.Join(dir, []string{"good.txt", "bad.txt"}[c.IntN(2)])
	}
	some := slices.Clone(values[field])
	c.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return field + " " + strings.Join(some[:1+c.IntN(len(some))], " ")
}

// rules are those of a random gate.
func (c chance) rules(dir string) string {
	var lines []string
	add := func(effect string) {
		seen, block := make(map[string]bool), []string{}
		for range 1 + c.IntN(3) {
			line := c.condition(dir)
			field, _, _ := strings.Cut(line, " ")
			if seen[field] || field == "mfa" && seen["acr"] || field == "acr" && seen["mfa"] {
				continue
			}
			seen[field] = true
			if c.in(4) {
				line = "not " + line
			}
			block = append(block, line)
		}
		if rule := effect + " {\n" + strings.Join(block, "\n") + "\n}"; !slices.Contains(lines, rule) {
			lines = append(lines, rule)
		}
	}
	if c.in(5) {
		lines = append(lines, "allow any")
	} else {
		for range 1 + c.IntN(3) {
			add("allow")
		}
	}
	for range c.IntN(2) {
		add("deny")
	}
	if c.in(6) {
		lines = append(lines, "mfa")
	}
	return strings.Join(lines, "\n")
}

// person is what ProConnect tells of a random one.
func (c chance) person() map[string]any {
	claims := map[string]any{"sub": "5f3c1f0e-6a0b-4f63-9a43-0c3b2b0a9d" + strconv.Itoa(10+c.IntN(90)), "given_name": "Jeanne"}
	for name, some := range values {
		value := some[c.IntN(len(some))]
		switch {
		case c.in(4) || strings.Contains(value, "*") || name == "siren" || name == "acr":
		case c.in(8) && name == "custom.level":
			claims["custom"] = map[string]any{"level": map[string]any{"not": "text"}}
		case c.in(8):
			claims[name] = []any{value, map[string]any{"not": "text"}} // told, and unreadable
		case name == "roles":
			claims[name] = []string{value, "other_role"}[:c.IntN(3)]
		case name == "custom.level":
			claims["custom"] = map[string]any{"level": value}
		default:
			claims[name] = value
		}
	}
	return claims
}

// verdicts are what a gate's answer to a program says: refused, or sent to ProConnect for
// another level.
var verdicts = map[int]string{http.StatusOK: "admitted", http.StatusForbidden: "refused", http.StatusUnauthorized: "step_up"}

// Explain says what the gate says: for random rules and random people, whose claims are
// those that the session document prints. A second opinion that differs would be worse
// than none: an operator widens a rule, or believes that it keeps somebody out.
func TestExplainAgreesWithTheGate(t *testing.T) {
	c := newChance(t)
	p := caddytest.NewProvider(t)
	s := caddytest.New(t)
	s.Write("good.txt", "130025265\n")
	s.Write("bad.txt", "21920023500014\n1300252650001\n")
	const gates = 24
	var site strings.Builder
	for i := range gates {
		rules := c.rules(s.Dir)
		switch i { // so that each verdict is among them, whatever chance does
		case 0:
			rules = "allow any\nmfa"
		case 1:
			rules = "allow email absent"
		}
		fmt.Fprintf(&site, "@g%[1]d path /g%[1]d\nproconnect @g%[1]d {\n%[2]s\n}\n", i, rules)
	}
	config := "http://localhost:{$PORT} {\n" + site.String() + "respond inside\n}\n"
	s.Run(p.Option(), config)
	adapted, err := s.TryAdapt(p.Option(), config)
	if err != nil {
		t.Fatal(err)
	}
	sh := newShell(t)
	sh.write("config.json", string(adapted))
	seen := make(map[string]int)
	for n := range 12 {
		p.Claims, p.ACR = c.person(), values["acr"][n%2]
		if n == 0 {
			p.Claims["email"] = "a@b@c" // told, and unreadable: not absent
		}
		b := s.Browser("http://localhost:{$PORT}")
		if a := b.LoginAt("/"); a.Text != "inside" {
			t.Fatalf("no login: %d %s", a.StatusCode, a.Text)
		}
		args := []string{"explain", "--json", "--config", "config.json", "--claims", sh.write("person.json", b.Visit("/.proconnect/session").Text)}
		for i := range gates {
			args = append(args, "--url", s.Fill(fmt.Sprintf("http://localhost:{$PORT}/g%d", i)))
		}
		for i, said := range explained(t, sh, 1, args) {
			a := b.Visit(fmt.Sprintf("/g%d", i), "Accept", "application/json", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
			if want := verdicts[a.StatusCode]; said.Verdict != want {
				t.Errorf("gate %d: explain says %s, the gate %d %s\nof %v, acr %s\n%+v\n%s", i, said.Verdict, a.StatusCode, want, p.Claims, p.ACR, said, site.String())
			}
			if sum := said.sum(); sum != said.Gates[0].Decision {
				t.Errorf("gate %d: its rules come to %s, and it says %s: %+v", i, sum, said.Gates[0].Decision, said)
			}
			if said.deniesToLift() != said.denies() {
				t.Errorf("gate %d: to enter needs other denies to be false than those that refuse: %+v", i, said)
			}
			seen[said.Verdict]++
		}
	}
	t.Log(seen)
	for _, v := range verdicts {
		if seen[v] == 0 {
			t.Errorf("nobody was %s: these people and rules prove little: %v", v, seen)
		}
	}
}

// explanation is what matters of what explain prints.
type explanation struct {
	URL, Verdict, Fault string
	Handlers            []string
	Gates               []struct {
		Where, Decision string
		Rules           []struct{ Rule, Value string }
		ACR             *struct{ Met bool }
		ToEnter         []string `json:"to_enter"`
	}
}

// sum is what the values of the rules come to, by the words of docs/rules.md: a deny refuses for
// true and unknown, and an allow needs true. A level that is missing asks for another login.
func (e explanation) sum() string {
	g := e.Gates[0]
	allowed := false
	for _, r := range g.Rules {
		if strings.HasPrefix(r.Rule, "deny") && r.Value != "false" {
			return "deny"
		}
		allowed = allowed || strings.HasPrefix(r.Rule, "allow") && r.Value == "true"
	}
	switch {
	case g.Decision == "step_up" || allowed && g.ACR != nil && !g.ACR.Met:
		return "step_up"
	case allowed:
		return "allow"
	}
	return "deny"
}

// denies are how many rules refuse the person, and deniesToLift those that explain says
// would have to be false.
func (e explanation) denies() (n int) {
	for _, r := range e.Gates[0].Rules {
		if strings.HasPrefix(r.Rule, "deny") && r.Value != "false" {
			n++
		}
	}
	return n
}

func (e explanation) deniesToLift() (n int) {
	for _, text := range e.Gates[0].ToEnter {
		if strings.Contains(text, ", a deny, would have to be false: ") {
			n++
		}
	}
	return n
}

func explained(t *testing.T, s *shell, code int, args []string) []explanation {
	t.Helper()
	a := s.proconnect(args...).want(t, code)
	var document struct{ Explanations []explanation }
	if err := json.Unmarshal([]byte(a.out), &document); err != nil {
		t.Fatalf("%v\n%s%s", err, a.out, a.err)
	}
	return document.Explanations
}
