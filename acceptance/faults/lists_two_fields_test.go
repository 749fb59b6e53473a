package faults_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// agents has a SIRET with a mistyped digit, and all its addresses are good.
const agents = "siret;email\n13002526500013;a@example.gouv.fr\n13002526500014;b@example.gouv.fr\n21920023500014;c@example.gouv.fr\n"

// A table that two fields read has a series for each: the faults of one column are not
// hidden by another column that is good.
func TestMetricsTellTheColumnsOfATableApart(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	s := caddytest.New(t)
	list := s.Write("agents.csv", agents)
	s.Run(caddytest.Sandbox+admin.Option, caddytest.GatedBy("allow siret from "+list+"; allow email from "+list))
	series := func(name, field string) string {
		return fmt.Sprintf(`caddy_proconnect_list_%s{field="%s",file="%s"}`, name, field, list)
	}
	entries := func(field string) string {
		return strings.Replace(series("entries", field), "}", `,use="allow"}`, 1)
	}
	got := admin.Series(t)
	wantSeries(t, got, map[string]string{
		entries("siret"): "2", entries("email"): "3",
		series("faulty_lines", "siret"): "1", series("faulty_lines", "email"): "0",
		series("rejected", "siret"): "0", series("rejected", "email"): "0",
	})
	for _, field := range []string{"siret", "email"} {
		if got[series("modified_timestamp_seconds", field)] == "" {
			t.Errorf("%s: no age", field)
		}
	}
}

// The status and the log name the field, too.
func TestTheStatusNamesTheFieldOfAList(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	s := caddytest.New(t)
	list := s.Write("agents.csv", agents)
	s.Run(caddytest.Sandbox+admin.Option, caddytest.GatedBy("allow siret from "+list+"; allow email from "+list))
	if line := s.Line("lines with a fault admit nobody"); !strings.Contains(line, `"field":"siret"`) {
		t.Errorf("the log says %q", line)
	}
	code, text := admin.Ask(t, "GET", "/proconnect/status", "")
	var got struct {
		Lists []struct {
			Field  string
			Faulty int `json:"faulty_lines"`
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != http.StatusOK {
		t.Fatalf("%v: %d %s", err, code, text)
	}
	if l := got.Lists; len(l) != 2 || l[0].Field != "email" || l[0].Faulty != 0 || l[1].Field != "siret" || l[1].Faulty != 1 {
		t.Errorf("got %s", text)
	}
}
