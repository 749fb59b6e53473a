package proconnect

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

var (
	validPath    = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)
	validIDPHint = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
)

// check refuses values that cannot work.
func (h *Handler) check() error {
	if err := h.checkPaths(); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]string{loginPage, loginAuto, loginSilent}, h.Login):
		return fmt.Errorf("login %q: want page, auto or silent", h.Login)
	case h.Login == loginSilent && h.Optional:
		return errors.New("login silent and optional: ProConnect shows people whom it has blocked, or whom the client does not admit, an error page, from where they do not come back to a site that is open to them: remove one of the two")
	case h.Errors != errorsBuiltin && h.Errors != errorsCaddy:
		return fmt.Errorf("errors %q: want builtin or caddy", h.Errors)
	case h.IDPHint != "" && !validIDPHint.MatchString(h.IDPHint):
		return fmt.Errorf("idp_hint %q: want an idp_id, such as 71144ab3-ee1a-4401-b7b3-79b44f7daeeb", h.IDPHint)
	case h.SiretHint != "" && (!siret.IsSIRET(h.SiretHint) || !siret.Valid(h.SiretHint)):
		return fmt.Errorf("siret_hint %q: want a SIRET, fourteen digits whose checksum holds", h.SiretHint)
	}
	if err := cmp.Or(h.checkHeaders(), checkAfterLogout(h), checkTried(h)); err != nil {
		return err
	}
	for i, acr := range h.ACR {
		if _, err := rules.ParseACR(acr); err != nil {
			return fmt.Errorf("acr %q: %w", acr, err)
		}
		if slices.Contains(h.ACR[:i], acr) {
			return fmt.Errorf("acr: duplicate value %q: remove one", acr)
		}
	}
	return h.Texts.check()
}

// warn tells what may not be meant.
func (h *Handler) warn() {
	if h.IDPHint != "" && !rules.UUID.MatchString(h.IDPHint) {
		h.log.Warn("idp_hint is none of ProConnect's idp_ids, which are such as 71144ab3-ee1a-4401-b7b3-79b44f7daeeb: is it whole?", zap.String("idp_hint", h.IDPHint))
	}
}

// checkPaths refuses endpoints that ProConnect or a browser could spell
// otherwise, and those that hide one another.
func (h *Handler) checkPaths() error {
	for _, option := range []struct{ name, path string }{
		{"path", h.Path},
		{"callback_path", h.CallbackPath},
		{"logged_out_path", h.LoggedOutPath},
	} {
		if !validPath.MatchString(option.path) || path.Clean(option.path) != option.path {
			return fmt.Errorf("%s %q: want a path such as %s: letters, digits and - . _ ~ between slashes, and none at the end",
				option.name, option.path, defaultPath)
		}
		if reserved(option.path, h.Path) {
			return fmt.Errorf("%s %q: the gate answers other requests there: choose another path", option.name, option.path)
		}
	}
	if h.CallbackPath == h.LoggedOutPath {
		return fmt.Errorf("callback_path and logged_out_path are both %q: each needs its own", h.CallbackPath)
	}
	return nil
}

// reserved says whether a path is that of an endpoint which cannot be moved.
func reserved(p, own string) bool {
	name, _ := strings.CutPrefix(p, own+"/")
	return endpoints[name].fixed || strings.HasPrefix(p+"/", own+"/sandbox/")
}
