package commands

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// checkDocument is what matters of what check prints.
type checkDocument struct {
	Loads bool
	Sites []struct {
		Site    string
		Answers []struct{ By, Path, State string }
	}
	Findings []struct{ Level, Site, Text string }
}

// What check calls gated no stranger gets, and whatever a stranger gets it names; explain
// says of each address what a stranger gets there: for random sites, whose blocks nest, and
// whose requests are rewritten on their way. A file that says that something is gated is
// what an auditor is shown. CHECK_ROUNDS says how many times, for a night.
func TestCheckAgreesWithWhatStrangersGet(t *testing.T) {
	rounds := 1
	if n, err := strconv.Atoi(os.Getenv("CHECK_ROUNDS")); err == nil {
		rounds = n
	}
	c := newChance(t)
	for range rounds {
		t.Run("", func(t *testing.T) { checkAgainstStrangers(t, c) })
	}
}

// strangers are those who ask random sites, and what the commands say of these.
type strangers struct {
	t *testing.T
	*caddytest.Server
	provider *caddytest.Provider
	shell    *shell
	sites    map[string]string // by host
	hosts    []string
	said     checkDocument
	open     int
}

func checkAgainstStrangers(t *testing.T, c chance) {
	s := &strangers{t: t, Server: caddytest.New(t), provider: caddytest.NewProvider(t), shell: newShell(t), sites: make(map[string]string)}
	s.Run(s.provider.Option(), s.make(&siteMaker{chance: c, status: 204}))
	args := []string{"explain", "--json", "--config", "config.json"}
	for _, host := range s.hosts {
		for _, target := range targets {
			args = append(args, "--url", s.Fill("http://"+host+":{$PORT}"+target))
		}
	}
	for i, e := range explainedAny(t, s.shell, args) {
		s.compare(s.hosts[i/len(targets)], targets[i%len(targets)], e)
	}
	if t.Logf("%d sites, %d open addresses", len(s.hosts), s.open); len(s.hosts) < 3 || s.open < 20 {
		t.Error("these sites prove little")
	}
}

// make writes sites, of which those remain that load.
func (s *strangers) make(c *siteMaker) (config string) {
	named := c.namedRoutes()
	config = named + "http://auth.localhost:{$PORT} {\nrespond ok 200\n}\n"
	for i := range 10 {
		host, text := c.make(i)
		if s.loads(named + text) {
			s.sites[host], s.sites["also."+host], s.hosts = text+named, text+named, append(s.hosts, host, "also."+host)
			config += text
		}
	}
	if !s.loads(config) {
		s.t.Fatalf("%v", s.said.Findings)
	}
	return config
}

// loads says whether a configuration does, and keeps what check says of it.
func (s *strangers) loads(config string) bool {
	adapted, err := s.TryAdapt(s.provider.Option(), config)
	if err != nil {
		return false
	}
	s.shell.write("config.json", string(adapted))
	a := s.shell.proconnect("check", "--json", "--config", "config.json")
	s.said = checkDocument{}
	if err := json.Unmarshal([]byte(a.out), &s.said); err != nil {
		s.t.Fatalf("%v\n%s%s", err, a.out, a.err)
	}
	return s.said.Loads
}

// compare asks for an address, and looks at what was said of it.
func (s *strangers) compare(host, target string, e explainedAddress) {
	got := s.Ask(host, target).StatusCode
	served := got < 400 || got == http.StatusGone || got == http.StatusNotFound // errors are the site's, too
	switch {
	case e.Verdict == "error" && e.Status == got: // which `errors caddy` may have the site answer
	case e.Verdict == "endpoint": // likewise
	case slices.Contains([]string{"open", "admitted", "nothing"}, e.Verdict) != served, served && e.Status != got:
		s.t.Errorf("%s%s: explain says %s %d, a stranger gets %d\n%s", host, target, e.Verdict, e.Status, got, s.sites[host])
	}
	s.wantSaid(host, target, got)
	post := s.Browser("http://"+host+":{$PORT}").Request(http.MethodPost, target, nil, "X-H", "1")
	s.wantSaid(host, target+" (POST)", post.StatusCode)
}

// wantSaid checks that check names what a stranger got, and does not call it gated.
func (s *strangers) wantSaid(host, target string, status int) {
	if status < 205 || status > 299 {
		return
	}
	s.open++
	var states []string
	for _, site := range s.said.Sites {
		for _, a := range site.Answers {
			if strings.Contains(site.Site, host+":") && a.By == fmt.Sprintf("respond %d", status) {
				states = append(states, a.State)
			}
		}
	}
	if !slices.ContainsFunc(states, func(state string) bool { return state != "gated" }) {
		s.t.Errorf("%s%s: a stranger gets %d, of which check says %v\n%s", host, target, status, states, s.sites[host])
	}
}

type explainedAddress struct {
	URL, Verdict string
	Status       int
}

func explainedAny(t *testing.T, s *shell, args []string) []explainedAddress {
	t.Helper()
	a := s.proconnect(args...)
	var document struct{ Explanations []explainedAddress }
	if err := json.Unmarshal([]byte(a.out), &document); err != nil {
		t.Fatalf("%v\n%s%s", err, a.out, a.err)
	}
	return document.Explanations
}
