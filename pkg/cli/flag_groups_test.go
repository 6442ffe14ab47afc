package cli

import (
	"testing"

	"github.com/spf13/cobra"
)

// Cobra has no type for the error of a group of flags: groupError reads its text. When this test fails
// after an update of cobra, adapt groupError.
func TestGroupErrorsOfCobra(t *testing.T) {
	tests := []struct {
		name        string
		group       func(cmd *cobra.Command)
		set         []string
		cobra, want string
	}{
		{
			name:  "mutually exclusive",
			group: func(cmd *cobra.Command) { cmd.MarkFlagsMutuallyExclusive("a", "b", "c") },
			set:   []string{"a", "b"},
			cobra: "if any flags in the group [a b c] are set none of the others can be; [a b] were all set",
			want:  "--a, --b and --c are mutually exclusive",
		},
		{
			name:  "one required",
			group: func(cmd *cobra.Command) { cmd.MarkFlagsOneRequired("a", "b") },
			cobra: "at least one of the flags in the group [a b] is required",
			want:  "one of --a or --b is required",
		},
		{
			name:  "required together",
			group: func(cmd *cobra.Command) { cmd.MarkFlagsRequiredTogether("a", "b") },
			set:   []string{"a"},
			cobra: "if any flags in the group [a b] are set they must all be set; missing [b]",
			want:  "--a and --b are required together",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := &cobra.Command{}
			for _, name := range []string{"a", "b", "c"} {
				cmd.Flags().Bool(name, false, "")
			}
			test.group(cmd)
			for _, name := range test.set {
				if err := cmd.Flags().Set(name, "true"); err != nil {
					t.Fatal(err)
				}
			}
			err := cmd.ValidateFlagGroups()
			if err == nil || err.Error() != test.cobra {
				t.Fatalf("cobra's text is %v, and was %q", err, test.cobra)
			}
			if got := groupError(err.Error()); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
