import ManualPage
import Testing

@Suite struct ManualPageTests {
    @Test func whatTroffWouldTakeForItsOwnIsShownAsItIs() {
        let page = ManualPage(
            name: "a-b",
            number: 8,
            version: "1",
            about: "says \"it's\"",
            sections: [.init("OPTIONS", [.paragraph(".x \\ y…"), .term("--c", "d"), .literal("'e\n\nf")])]
        )
        #expect(
            page.troff == #"""
                .TH "A\-B" "8" "" "charger 1" "Charger"
                .SH NAME
                a\-b \- says \(dqit\(aqs\(dq
                .SH "OPTIONS"
                \&.x \e y...
                .TP
                \fB\-\-c\fR
                d
                .PP
                .nf
                \(aqe

                f
                .fi

                """#
        )
    }

    @Test func helpHasAColumnForTheWords() {
        let options = [ProgramOption("--long", "FILE", "one"), ProgramOption("-s", nil, "other")]
        #expect(ProgramOption.help(options) == "  --long FILE  one\n  -s           other\n")
    }
}
