// swift-tools-version: 6.2
// No package dependencies: Swift without Foundation, libzmq and OpenSSL as system libraries, Linux headers. See README.md, "Rules".

import PackageDescription

/// Every target: language mode 6, warnings are errors, imports stay internal unless said otherwise.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Product code uses neither Swift concurrency nor regular expressions: not importing them implicitly keeps four shared libraries
/// out of every daemon (start-up time, about 0.3 MB each).
let lean: [SwiftSetting] = [
    .unsafeFlags([
        "-Xfrontend", "-disable-implicit-concurrency-module-import",
        "-Xfrontend", "-disable-implicit-string-processing-module-import",
    ]),
    // A section for each function, so that the linker leaves out what nobody calls and puts together what is called (deploy/link.sh).
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
]

/// Cores and vocabularies: pure values, no unsafe memory.
let pure = strict + [.strictMemorySafety()]

/// What is released is linked by the toolchain's own lld, which folds functions that are the same and packs relocations: 0.6 MiB less of
/// memory for the four daemons, and a tenth less on disk.
let compact: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--icf=safe", "-Xlinker",
            "--gc-sections",
        ],
        .when(configuration: .release)
    )
]

func library(_ name: String, _ path: String, _ settings: [SwiftSetting], _ dependencies: String...) -> Target {
    .target(
        name: name,
        dependencies: dependencies.map { .byName(name: $0) },
        path: path,
        exclude: ["README.md"],
        swiftSettings: settings + lean
    )
}

func program(_ name: String, _ path: String, exclude: [String] = [], _ dependencies: String...) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies.map { .byName(name: $0) },
        path: path,
        exclude: exclude,
        swiftSettings: strict + lean,
        linkerSettings: compact
    )
}

func tests(_ subject: String, resources: [Resource] = [], _ dependencies: String...) -> Target {
    .testTarget(
        name: subject + "Tests",
        dependencies: dependencies.map { .byName(name: $0) },
        path: "Tests/\(subject)Tests",
        resources: resources,
        swiftSettings: strict
    )
}

let targets: [Target] = [
    // Layer 0: system modules, headers only.
    .systemLibrary(name: "CLinux", path: "Shared/CLinux"),
    .systemLibrary(name: "COpenSSL", path: "Shared/COpenSSL", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZeroMQ", path: "Shared/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),

    // Layer 1: values.
    library("Primitives", "Shared/Primitives", pure),
    tests("Primitives", "Primitives"),

    // Layer 2: vocabularies and byte transformers.
    library("BusSchema", "Shared/BusSchema", pure),
    library("JSON", "Shared/JSON", pure),
    tests("JSON", "JSON", "Primitives"),
    library("ManualPage", "Shared/ManualPage", pure),
    tests("ManualPage", "ManualPage"),
    library("OCPP", "Shared/OCPP", pure, "Primitives"),
    library("SiteConfiguration", "Shared/SiteConfiguration", pure, "JSON", "Primitives", "WebSocket"),
    tests("SiteConfiguration", "JSON", "Primitives", "SiteConfiguration"),
    library("WebSocket", "Shared/WebSocket", pure),
    tests("WebSocket", "Primitives", "WebSocket"),
    library("ZMTP", "Shared/ZMTP", pure),
    tests("ZMTP", "ZMTP"),

    // Layer 3: codecs.
    library("BusCodec", "Shared/BusCodec", pure, "BusSchema", "JSON"),
    tests("BusSchema", resources: [.copy("Fixtures")], "BusCodec", "BusSchema", "JSON"),
    library("OCPPCodec", "Shared/OCPPCodec", pure, "JSON", "OCPP"),
    tests("OCPPCodec", "JSON", "OCPP", "OCPPCodec", "OCPPSamples", "Primitives"),

    // Layer 3: effects.
    library("EventLoop", "Shared/EventLoop", strict, "CLinux", "Primitives", "ZeroMQ"),
    tests("EventLoop", "EventLoop", "LoopUnderTest", "Primitives", "TemporaryFolder", "ZeroMQ"),
    library("Log", "Shared/Log", strict, "Primitives"),
    tests("Log", "Log", "Primitives"),
    library("AnalogLines", "Shared/AnalogLines", strict, "EventLoop", "Primitives"),
    tests("AnalogLines", "AnalogLines", "EventLoop", "SystemFolder"),
    library("NameServers", "Shared/NameServers", strict, "EventLoop", "Primitives"),
    tests("NameServers", "EventLoop", "NameServers", "Primitives", "SimulatedNameServer"),
    library("GPIOLines", "Shared/GPIOLines", strict, "CLinux", "EventLoop", "Primitives"),
    tests("GPIOLines", "CLinux", "EventLoop", "GPIOLines", "LoopUnderTest", "Primitives", "SimulatedGPIO"),
    library("SerialPort", "Shared/SerialPort", strict, "CLinux", "EventLoop", "Primitives"),
    tests("SerialPort", "CLinux", "EventLoop", "LoopUnderTest", "Primitives", "SerialPort", "TemporaryFolder"),
    library("Storage", "Shared/Storage", strict, "CLinux"),
    tests("Storage", resources: [.copy("Fixtures")], "SimulatedDisk", "Storage", "TemporaryFolder"),
    library("TLS", "Shared/TLS", strict, "COpenSSL", "Primitives"),
    tests("TLS", "Primitives", "TLS", "TemporaryFolder"),
    library("ZeroMQ", "Shared/ZeroMQ", strict, "CZeroMQ"),

    // Layer 4: bus and the shell that every daemon shares.
    library(
        "Bus",
        "Shared/Bus",
        strict,
        "BusCodec",
        "BusSchema",
        "EventLoop",
        "JSON",
        "Primitives",
        "Storage",
        "ZMTP",
        "ZeroMQ"
    ),
    tests("Bus", "Bus", "BusCodec", "BusSchema", "EventLoop", "LoopUnderTest", "Primitives", "ZeroMQ"),
    library(
        "ServiceHost",
        "Shared/ServiceHost",
        strict,
        "Bus",
        "BusSchema",
        "EventLoop",
        "Log",
        "ManualPage",
        "Primitives",
        "SiteConfiguration",
        "Storage"
    ),
    tests("ServiceHost", "Bus", "BusSchema", "EventLoop", "Log", "Primitives", "ServiceHost", "Storage"),

    // Layer 5: services. A core sees values only.
    library("ConfigCore", "Services/ConfigStore/Core", pure, "BusSchema", "Primitives"),
    tests("ConfigCore", "BusSchema", "ConfigCore", "JSON", "Primitives"),
    program(
        "config-store",
        "Services/ConfigStore/Daemon",
        "Bus",
        "BusSchema",
        "ConfigCore",
        "EventLoop",
        "JSON",
        "Log",
        "Primitives",
        "ServiceHost",
        "Storage"
    ),
    // Also runs the program that stands beside the test bundle.
    tests(
        "ConfigStore",
        "Bus",
        "BusSchema",
        "ConfigCore",
        "EventLoop",
        "Log",
        "Primitives",
        "SimulatedDisk",
        "Storage",
        "config-store"
    ),

    library("HardwareCore", "Services/HardwareIO/Core", pure, "BusSchema", "Primitives"),
    tests("HardwareCore", "BusSchema", "HardwareCore", "Primitives"),
    library("HardwareSimulation", "Services/HardwareIO/Simulation", pure, "BusSchema", "HardwareCore", "Primitives"),
    tests("HardwareSimulation", "BusSchema", "HardwareCore", "HardwareSimulation", "Primitives"),
    library(
        "HardwareDevices",
        "Services/HardwareIO/Devices",
        pure,
        "BusSchema",
        "HardwareCore",
        "Primitives",
        "SiteConfiguration"
    ),
    tests("HardwareDevices", "BusSchema", "HardwareCore", "HardwareDevices", "Primitives", "SiteConfiguration"),
    library(
        "HardwareStorage",
        "Services/HardwareIO/Storage",
        strict,
        "BusSchema",
        "EventLoop",
        "HardwareCore",
        "JSON",
        "Primitives",
        "Storage"
    ),
    tests(
        "HardwareStorage",
        "BusSchema",
        "EventLoop",
        "HardwareCore",
        "HardwareStorage",
        "Primitives",
        "SimulatedDisk",
        "Storage",
        "TemporaryFolder"
    ),
    library(
        "HardwareSite",
        "Services/HardwareIO/Site",
        strict,
        "HardwareDevices",
        "JSON",
        "Primitives",
        "SiteConfiguration",
        "Storage"
    ),
    tests("HardwareSite", "HardwareSite", "SiteConfiguration", "TemporaryFolder"),
    program(
        "hardware-io",
        "Services/HardwareIO/Daemon",
        "AnalogLines",
        "Bus",
        "BusSchema",
        "EventLoop",
        "GPIOLines",
        "HardwareCore",
        "HardwareDevices",
        "HardwareSimulation",
        "HardwareSite",
        "HardwareStorage",
        "JSON",
        "Log",
        "Primitives",
        "SerialPort",
        "ServiceHost",
        "SiteConfiguration",
        "Storage"
    ),

    tests(
        "HardwareIO",
        "BusSchema",
        "EventLoop",
        "GPIOLines",
        "HardwareCore",
        "HardwareDevices",
        "HardwareSimulation",
        "HardwareStorage",
        "Primitives",
        "SerialPort",
        "SimulatedGPIO",
        "SiteConfiguration",
        "Storage",
        "SystemFolder",
        "TemporaryFolder",
        "hardware-io"
    ),

    library("ModemProtocol", "Services/ModemManager/Modem", pure, "BusSchema", "JSON", "Primitives", "UplinkCore"),
    tests("ModemProtocol", "BusSchema", "MobileWorld", "ModemProtocol", "ModemSimulation", "Primitives", "UplinkCore"),
    library("UplinkCore", "Services/ModemManager/Core", pure, "BusSchema", "Primitives"),
    tests("UplinkCore", "BusSchema", "UplinkCore", "Primitives", "UplinkWorld"),
    program(
        "modem-manager",
        "Services/ModemManager/Daemon",
        "Bus",
        "BusSchema",
        "CLinux",
        "EventLoop",
        "GPIOLines",
        "JSON",
        "Log",
        "ModemProtocol",
        "NameServers",
        "UplinkCore",
        "Primitives",
        "SerialPort",
        "ServiceHost",
        "SiteConfiguration",
        "Storage",
        "WebSocket"
    ),
    tests(
        "ModemManager",
        "BusSchema",
        "EventLoop",
        "LoopUnderTest",
        "NameServers",
        "Primitives",
        "SimulatedNameServer",
        "TemporaryFolder",
        "UplinkCore",
        "modem-manager"
    ),

    library("GatewayCore", "Services/OCPPGateway/Core", pure, "BusSchema", "OCPP", "Primitives"),
    tests("GatewayCore", "BusSchema", "GatewayCore", "JSON", "OCPP", "OCPPSamples", "Primitives"),
    library(
        "GatewaySite",
        "Services/OCPPGateway/Site",
        pure,
        "BusSchema",
        "GatewayCore",
        "JSON",
        "SiteConfiguration"
    ),
    tests("GatewaySite", "BusSchema", "GatewayCore", "GatewaySite", "JSON", "SiteConfiguration"),
    library(
        "GatewayStorage",
        "Services/OCPPGateway/Storage",
        strict,
        "GatewayCore",
        "JSON",
        "Primitives",
        "Storage"
    ),
    tests(
        "GatewayStorage",
        "BusSchema",
        "GatewayCore",
        "GatewayStorage",
        "JSON",
        "OCPP",
        "Primitives",
        "SimulatedDisk",
        "Storage",
        "TemporaryFolder"
    ),
    program(
        "ocpp-gateway",
        "Services/OCPPGateway/Daemon",
        "Bus",
        "BusSchema",
        "EventLoop",
        "GatewayCore",
        "GatewaySite",
        "GatewayStorage",
        "JSON",
        "Log",
        "NameServers",
        "OCPP",
        "OCPPCodec",
        "Primitives",
        "ServiceHost",
        "SiteConfiguration",
        "Storage",
        "TLS",
        "WebSocket"
    ),

    program(
        "chargectl",
        "Services/ChargeCtl",
        exclude: ["README.md"],
        "Bus",
        "BusCodec",
        "BusSchema",
        "EventLoop",
        "GatewaySite",
        "HardwareDevices",
        "HardwareSite",
        "JSON",
        "ManualPage",
        "Primitives",
        "SerialPort",
        "ServiceHost",
        "SiteConfiguration",
        "Storage",
        "TLS"
    ),

    tests("chargectl", "Bus", "BusSchema", "EventLoop", "JSON", "Primitives", "TemporaryFolder", "chargectl"),

    // Test support: a central system to talk to, a world to simulate, the real programs under test.
    library("LoopUnderTest", "Tests/Support/LoopUnderTest", strict, "EventLoop", "Primitives"),
    library("SimulatedDisk", "Tests/Support/SimulatedDisk", strict, "Primitives", "Storage"),
    library("SimulatedGPIO", "Tests/Support/SimulatedGPIO", strict, "EventLoop", "GPIOLines", "Primitives"),
    library("SimulatedNameServer", "Tests/Support/SimulatedNameServer", strict, "EventLoop"),
    library("SystemFolder", "Tests/Support/SystemFolder", strict, "TemporaryFolder"),
    library("TemporaryFolder", "Tests/Support/TemporaryFolder", strict),
    library("ModemSimulation", "Tests/Support/ModemSimulation", strict),
    program(
        "modem-simulator",
        "Tests/Support/ModemSimulatorProgram",
        "EventLoop",
        "ModemSimulation",
        "Primitives"
    ),
    library("OCPPSamples", "Tests/Support/OCPPSamples", strict, "OCPP", "Primitives"),
    program("ocpp-codec-probe", "Tests/Support/CodecProbe", "JSON", "OCPP", "OCPPCodec", "OCPPSamples"),
    program("gpio-probe", "Tests/Support/GPIOProbe", "EventLoop", "GPIOLines", "Primitives"),
    program("bus-bench", "Tests/Support/BusBench", "Bus", "BusSchema", "CZeroMQ", "EventLoop"),
    library(
        "CentralSystem",
        "Tests/Support/CentralSystem",
        strict,
        "OCPP",
        "OCPPCodec",
        "JSON",
        "Primitives"
    ),
    tests("CentralSystem", "CentralSystem", "JSON", "OCPP", "OCPPCodec", "Primitives"),
    program(
        "central-system",
        "Tests/Support/CentralSystemProgram",
        "CentralSystem",
        "EventLoop",
        "JSON",
        "OCPP",
        "Primitives",
        "Storage",
        "TLS",
        "WebSocket"
    ),
    library(
        "ChargerWorld",
        "Tests/Support/ChargerWorld",
        strict,
        "BusSchema",
        "CentralSystem",
        "ConfigCore",
        "GatewayCore",
        "GatewayStorage",
        "HardwareCore",
        "HardwareSimulation",
        "JSON",
        "MobileWorld",
        "ModemProtocol",
        "UplinkCore",
        "OCPP",
        "OCPPCodec",
        "Primitives",
        "SimulatedDisk",
        "Storage"
    ),
    library("UplinkWorld", "Tests/Support/UplinkWorld", strict, "BusSchema", "Primitives", "UplinkCore"),
    library(
        "MobileWorld",
        "Tests/Support/MobileWorld",
        strict,
        "BusSchema",
        "ModemProtocol",
        "ModemSimulation",
        "Primitives",
        "UplinkCore"
    ),
    program("uplink-bench", "Tests/Support/UplinkBench", "MobileWorld", "Primitives", "UplinkCore"),
    program("world-soak", "Tests/Support/WorldSoak", "CentralSystem", "ChargerWorld"),
    tests(
        "Simulation",
        "BusSchema",
        "CentralSystem",
        "ChargerWorld",
        "GatewayCore",
        "HardwareCore",
        "MobileWorld",
        "OCPP",
        "Primitives",
        "SimulatedDisk",
        "Storage"
    ),

    // What no single module can show: inputs from outside through whole cores.
    tests(
        "HostileInput",
        "BusCodec",
        "BusSchema",
        "ConfigCore",
        "GatewayCore",
        "HardwareCore",
        "HardwareSimulation",
        "JSON",
        "OCPP",
        "OCPPCodec",
        "OCPPSamples",
        "Primitives",
        "UplinkCore"
    ),
]

/// For `Tests/fuzz.sh` alone, which links libFuzzer's own `main` to this library.
let fuzzing: [Target] =
    Context.environment["CHARGER_FUZZ"] == nil
    ? []
    : [
        .target(
            name: "Fuzz",
            dependencies: [
                "BusCodec", "BusSchema", "ConfigCore", "GatewayCore", "GatewayStorage", "HardwareCore",
                "HardwareDevices", "JSON", "ModemProtocol", "NameServers", "OCPP", "OCPPCodec", "Primitives",
                "SimulatedDisk",
                "SiteConfiguration",
                "Storage", "WebSocket",
            ],
            path: "Tests/Fuzz",
            exclude: ["Seeds", "dictionary"],
            swiftSettings: strict
        )
    ]

let package = Package(name: "charger", targets: targets + fuzzing)
