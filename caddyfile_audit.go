package proconnect

// auditBlock is the grammar of audit in the global option's block.
func auditBlock() block[Audit] {
	return block[Audit]{
		name: "audit",
		options: []option[Audit]{
			{name: "claims", read: list(func(a *Audit) *[]string { return &a.Claims })},
			{name: "ip", read: text(func(a *Audit) *string { return &a.IP })},
		},
		check: (*Audit).check,
	}
}
