import HardwareCore
import Testing

@testable import hardware_io

/// What a start with simulated devices says of what is real all the same.
@Suite struct UnrealTests {
    private static let contactor = Device.contactor(connectorId: 1)
    private static let controller = Device.controller(connectorId: 2)
    private static let meter = Device.meter(connectorId: 1)
    private static let reader = Device.reader(readerId: 1)

    @Test(
        arguments: [
            ([contactor, meter, reader], [], "no energy flows, no card is real"),
            ([reader], [contactor, meter], "no card is real"),
            ([contactor, meter], [reader], "no energy flows"),
            ([meter], [contactor, reader], nil),
            ([contactor, meter], [controller, .meter(connectorId: 2)], nil),
            ([reader], [contactor, .reader(readerId: 2)], nil),
        ] as [([Device], [Device], String?)]
    )
    func nothingIsSaidNotToHappenThatSomethingRealDoes(simulated: [Device], real: [Device], words: String?) {
        #expect(HardwareSettings.unreal(simulated: simulated, real: real) == words)
    }
}
