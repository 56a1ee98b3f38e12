package problems

import "testing"

// No network takes more memory than in PyTorch. Peaks are those of a process that computes two
// gradients with PyTorch 1.13 on one thread, by benchmarks/networks.sh NAME -batch N -memory; 100
// MB, and 28 bytes of each parameter, of ours are for what a batch does not count in.
func TestMemory(t *testing.T) {
	peaks := map[string][2]int{ // MB at batches of 128 and 512; 0: not measured
		"svhn-wrn164":         {1163, 2523},
		"p3-cifar100":         {2229, 0},
		"cifar100-allcnnc":    {780, 1850},
		"mnist-vae":           {494, 0},
		"svhn-3c3d":           {423, 0},
		"fmnist-2c2d":         {364, 586},
		"mnist-mlp":           {268, 0},
		"opticks-nanogpt":     {734, 0},
		"tolstoi-char-rnn":    {380, 0},
		"cabs-cifar100":       {485, 0},
		"opticks-lstm":        {333, 0},
		"opticks-transformer": {419, 0},
	}
	for _, n := range networks() {
		net := n.build()
		for i, batch := range []int{128, 512} {
			peak := peaks[n.name][i]
			if got := (net.Memory(batch)+28*net.Dim())/1e6 + 100; peak > 0 && got > peak {
				t.Errorf("%s takes %d MB for a batch of %d, want at most %d as in PyTorch", n.name, got, batch, peak)
			}
		}
		delete(peaks, n.name)
	}
	for name := range peaks {
		t.Errorf("there is no network %q", name)
	}
}
