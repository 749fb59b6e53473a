package monitoring

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// panelOptions are where Grafana publishes the options of each kind of panel.
var panelOptions = map[string]string{
	"timeseries": "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen",
	"stat":       "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen",
}

// The dashboard is one by the types that Grafana publishes: nothing is missing, and nothing
// has a name or a value that Grafana does not know. That the types see it is tried on
// dashboards that are wrong.
func TestDashboardIsOfGrafanasTypes(t *testing.T) {
	text, err := os.ReadFile("../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	dashboards := map[string]string{"right": string(text)}
	for name, wrong := range map[string][2]string{
		"word":   {`"refresh": "1m"`, `"refreshes": "1m"`},
		"type":   {`"editable": true`, `"editable": "yes"`},
		"option": {`"showLegend": true`, `"showsLegend": true`},
		"value":  {`"displayMode": "list"`, `"displayMode": "lists"`},
	} {
		if !strings.Contains(string(text), wrong[0]) {
			t.Errorf("the dashboard has no %s", wrong[0])
		}
		dashboards["wrong-"+name] = strings.Replace(string(text), wrong[0], wrong[1], 1)
	}
	said := typeErrors(t, dashboards)
	for name := range dashboards {
		if wrong := strings.Contains(said, "/"+name+".ts("); wrong != (name != "right") {
			t.Errorf("%s: found wrong: %t\n%s", name, wrong, said)
		}
	}
}

// plain is what Grafana's types are in JSON, where a member of an enumeration is its text.
const plain = "type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T :\n" +
	"\tT extends Array<infer U> ? Plain<U>[] : { [K in keyof T]: Plain<T[K]> };\n"

// typeErrors is what TypeScript says of dashboards, by the names of their files.
func typeErrors(t *testing.T, dashboards map[string]string) string {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		t.Fatal("node_modules is missing: run make e2e, or npm ci in e2e/monitoring")
	}
	dir, err := os.MkdirTemp(".", "types-") // where node_modules are found
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	args := []string{"--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022"}
	for name, text := range dashboards {
		file := filepath.Join(dir, name+".ts")
		if err := os.WriteFile(file, []byte(typed(t, text)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	out, err := exec.CommandContext(t.Context(), "node_modules/.bin/tsc", args...).CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out)
}

// typed is a dashboard in TypeScript, and the options of its panels, of which Grafana's
// dashboard says nothing by itself.
func typed(t *testing.T, text string) string {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Type    string
			Options json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(text), &dashboard); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("import type { Dashboard } from '@grafana/schema';\n" + plain)
	for kind, path := range panelOptions {
		b.WriteString("import type { Options as " + kind + " } from '" + path + "';\n")
	}
	for i, panel := range dashboard.Panels {
		if panelOptions[panel.Type] == "" {
			t.Fatalf("panel %d: where are the options of a %s?", i, panel.Type)
		}
		b.WriteString("export const panel" + strconv.Itoa(i) + ": Plain<" + panel.Type + "> = " + string(panel.Options) + ";\n")
	}
	b.WriteString("export const dashboard: Dashboard = " + text + ";\n")
	return b.String()
}
