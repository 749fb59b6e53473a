package proconnect

import "go.uber.org/zap"

// maxAnnounced bounds the addresses that one line of the log names. A fleet has thousands.
const maxAnnounced = 10

// announceAddresses tells, in one line for each client, what must be registered at
// ProConnect: whoever has forgotten an address learns of it here, and not by the error
// page on which the first person ends.
func (a *App) announceAddresses() {
	for _, c := range a.inOrder() {
		if c.sandbox != nil || c.log == nil {
			continue
		}
		var callbacks, logouts, notes []string
		for _, s := range c.registration().Sites {
			callbacks = append(callbacks, s.RedirectURIs...)
			logouts = append(logouts, s.PostLogoutRedirectURIs...)
			if s.Note != "" {
				notes = appendNew(notes, s.Note)
			}
		}
		if len(callbacks) == 0 {
			continue
		}
		more := max(len(callbacks)-maxAnnounced, 0)
		fields := []zap.Field{
			zap.Strings("redirect_uri", callbacks[:len(callbacks)-more]),
			zap.Strings("post_logout_redirect_uri", logouts[:min(len(logouts), maxAnnounced)]),
			zap.Int("more", more),
		}
		if len(notes) > 0 {
			fields = append(fields, zap.Strings("notes", notes))
		}
		c.log.Info("these addresses must be registered at ProConnect; `caddy proconnect doctor` asks whether they are", fields...)
	}
}
