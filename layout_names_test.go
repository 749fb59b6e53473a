package proconnect_test

import (
	"strings"
	"testing"
)

// Where any host answers, a gate that is invoked, and one in handle_errors, needs its
// `origin` like any other: whoever sends a forged Host would else choose the redirect
// URI, and the host that cookies are bound to.
func TestInvokedGateOnAnyHost(t *testing.T) {
	for name, sites := range map[string]string{
		"a named route":         "&(gated) {\n GATE\n}\nhttp://docs.localhost {\n invoke gated\n}\nhttp:// {\n invoke gated\n}",
		"handle_errors":         "http://docs.localhost, http:// {\n proconnect {\n allow any\n origin http://docs.localhost\n }\n handle_errors {\n GATE\n }\n}",
		"a host of a wildcard":  "http://*.localhost {\n @two host a.localhost *.b.localhost\n handle @two {\n GATE\n }\n}",
		"not a host":            "http://*.localhost {\n @others not host a.localhost\n handle @others {\n GATE\n }\n}",
		"a host or a path":      "http://*.localhost {\n @one host a.localhost\n @two {\n path /x\n }\n handle @one {\n respond hello\n }\n handle @two {\n GATE\n }\n}",
		"a host by placeholder": "http://*.localhost {\n @one host {env.NOBODY}.localhost\n handle @one {\n GATE\n }\n}",
	} {
		t.Run(name, func(t *testing.T) {
			text := "{\nproconnect {\nenvironment sandbox\n}\n}\n" + sites
			if err := configError(t, strings.Replace(text, "GATE", "proconnect {\n allow any\n }", 1)); !strings.Contains(err, "say its public address with `origin https://…`") {
				t.Errorf("without origin: %s", err)
			}
			if err := configError(t, strings.Replace(text, "GATE", "proconnect {\n allow any\n origin http://docs.localhost\n }", 1)); err != "no error" {
				t.Errorf("with origin: %s", err)
			}
		})
	}
}
