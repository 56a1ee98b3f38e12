package reproduce

// fig42 compares rules for the batch size, each at its best step size (Balles 2021, Sec. 4.4.4).
var fig42 = Item{
	Name:    "fig-4.2",
	Title:   "CABS, its competitor and constant batch sizes, each at its best step size",
	Sizes:   []Size{Reduced, Full},
	Time:    map[Size]string{Reduced: "25 min", Full: "weeks"},
	Departs: chapter4Departs(),
	Plans:   chapter4,
	Draw:    drawBatchSizes,
	Claims: func(in *Input) []Finding {
		findings := append(beats(in), batchGrows(in, cabs, length4)...)
		eachProblem(in, func(d *Done, p string) {
			if own := d.Cell(p, cabs); own != nil {
				findings = append(findings, unlimited(own, "", length4(p, own.Runs)+", "+cabs))
			}
		})
		return findings
	},
}
