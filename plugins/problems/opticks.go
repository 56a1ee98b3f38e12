package problems

const opticksDoc = `
Newton's Opticks is cut into sequences of 64 characters out of 91, in order: 8763 to train, 48 for validation, 48 to test. An
example is a sequence: each of the 64 characters is to be predicted from those before it in the sequence, and the loss is the
mean over them, in nats. It is the metric, too. No dropout, no regulariser.`

// onOpticks completes a network that predicts the text.
func onOpticks(n network) network {
	n.doc += opticksDoc
	n.examples = opticks
	n.inOrder, n.byLoss = true, true
	return n
}
