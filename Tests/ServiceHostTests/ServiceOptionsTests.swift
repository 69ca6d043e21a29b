import BusSchema
import Primitives
import ServiceHost
import Testing

@Suite struct ServiceOptionsTests {
    private static func read(_ arguments: String..., environment: [String: String] = [:]) -> ServiceOptions.Demand {
        ServiceOptions.read(arguments, environment: environment, service: .hardwareIO, about: "switches")
    }

    private static let defaults = ServiceOptions(
        runtimeDirectory: "/run/charger",
        stateDirectory: "/var/lib/charger/hardware-io",
        configurationPath: "/etc/charger/charger.json",
        logLevel: .notice
    )

    @Test func withoutAnythingTheStandardPlacesAreUsed() {
        #expect(Self.read() == .run(Self.defaults))
    }

    @Test func theEnvironmentOfSystemdIsUsed() {
        let environment = [
            "RUNTIME_DIRECTORY": "/run/a:/run/b", "STATE_DIRECTORY": "/s", "CHARGER_CONFIG": "/c",
            "CHARGER_LOG_LEVEL": "debug",
        ]
        let expected = ServiceOptions(
            runtimeDirectory: "/run/a",
            stateDirectory: "/s",
            configurationPath: "/c",
            logLevel: .debug
        )
        #expect(Self.read(environment: environment) == .run(expected))
    }

    @Test func theCommandLineWinsInEitherSpelling() {
        var expected = Self.defaults
        expected.runtimeDirectory = "/x"
        expected.stateDirectory = "/y=z"
        expected.logLevel = .error
        let demand = Self.read(
            "--runtime-dir",
            "/x",
            "--state-dir=/y=z",
            "--log-level",
            "error",
            environment: ["RUNTIME_DIRECTORY": "/no"]
        )
        #expect(demand == .run(expected))
    }

    @Test func wrongUsageIsOneLineThatNamesIt() {
        let cases: [([String], String)] = [
            (["--no-such-option"], "--no-such-option"), (["stray"], "stray"), (["--config"], "--config needs a value"),
            (["--config="], "--config needs a value"), (["--log-level", "loud"], "loud"),
        ]
        for (arguments, words) in cases {
            let demand = ServiceOptions.read(arguments, environment: [:], service: .hardwareIO, about: "switches")
            guard case .refuse(let line) = demand else {
                Issue.record("\(arguments) is accepted")
                continue
            }
            #expect(line.contains(words))
            #expect(!line.contains("\n"))
        }
    }

    @Test func helpNamesEveryOptionAndVersionTheService() {
        guard case .show(let help) = Self.read("--help"), case .show(let version) = Self.read("--version") else {
            Issue.record("help or version is not shown")
            return
        }
        for option in [
            "--runtime-dir", "--state-dir", "--config", "--log-level", "--check-config", "--version", "--help",
        ] {
            #expect(help.contains(option))
        }
        #expect(help.hasPrefix("hardware-io - switches\n"))
        #expect(version == "hardware-io \(SoftwareVersion.current)\n")
    }

    @Test func theManualPageHasEveryOptionOfHelp() {
        guard case .show(let help) = Self.read("--help"), case .show(let page) = Self.read("--manual-page") else {
            Issue.record("help or manual page is not shown")
            return
        }
        let lines = help.split(separator: "\n").filter { $0.hasPrefix("  --") }
        #expect(lines.count == 7)
        for line in lines {
            let option = line.split(separator: " ")[0].dropFirst(2)
            #expect(page.contains("\\fB\\-\\-\(option.split(separator: "-").joined(separator: "\\-"))"))
        }
    }

    @Test func theFileIsOnlyCheckedWhenThatIsAskedFor() {
        var expected = Self.defaults
        expected.configurationPath = "/c"
        #expect(Self.read("--check-config", "--config", "/c") == .check(expected))
        guard case .refuse = Self.read("--check-config=yes") else {
            Issue.record("a value is accepted")
            return
        }
    }
}
