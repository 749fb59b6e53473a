package proconnect

import (
	"slices"
	"strings"
)

// noteSandboxSite keeps where a site of the sandbox can be opened, for the line that
// says so when it starts: whoever tries it out may not know by which name it answers.
func noteSandboxSite(h *Handler) {
	if h.client.sandbox == nil {
		return
	}
	for _, address := range h.addresses() {
		if app := h.client.app; !slices.Contains(app.sandboxSites, address) {
			app.sandboxSites = append(app.sandboxSites, address)
		}
	}
}

// announceSandboxSites is one line, whatever the number of gates.
func (a *App) announceSandboxSites() {
	if len(a.sandboxSites) > 0 {
		a.log.Info("open " + strings.Join(a.sandboxSites, " or "))
	}
}
