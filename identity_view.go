package proconnect

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// placeholderOf returns what {http.auth.user.<name>} stands for, of nobody too.
func placeholderOf(id *identity, name string) string {
	if id == nil {
		return ""
	}
	switch name {
	case "id":
		return id.first(claimSub)
	case "name":
		return id.name()
	}
	return id.text(name)
}

// loggedIdentity is what a log may hold of a person: no name, no email.
type loggedIdentity struct{ *identity }

// whoField is the log's field that says whom a line is about.
func whoField(id *identity) zap.Field { return zap.Object("who", loggedIdentity{id}) }

// MarshalLogObject writes the claims by their names.
func (l loggedIdentity) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, index := range []int{claimSub, claimIDPID, claimSiret} {
		enc.AddString(claimSpecs[index].name, l.first(index))
	}
	return nil
}
