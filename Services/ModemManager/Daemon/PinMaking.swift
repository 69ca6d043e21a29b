internal import GPIOLines
internal import ModemProtocol
internal import SiteConfiguration

extension ModemPinsSection {
    /// How long the ladder drives those that there are, by the names of the carrier.
    var pulses: [String: Duration] {
        let all: [(String, Duration?)] = [
            (ModemCarrier.Name.powerKey, powerKey.map { .milliseconds($0.offMilliseconds) }),
            (ModemCarrier.Name.resetLine, reset.map { .milliseconds($0.milliseconds) }),
            (ModemCarrier.Name.supply, supply.map { .seconds($0.seconds) }),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, pulse in pulse.map { (name, $0) } })
    }

    /// For the kernel, by the names of the carrier.
    var made: [CarrierPins.Pin] {
        let keys: [(String, PinSettings?)] = [
            (ModemCarrier.Name.powerKey, powerKey?.line),
            (ModemCarrier.Name.resetLine, reset?.line),
            (ModemCarrier.Name.supply, supply?.line),
        ]
        let pulsed = keys.compactMap { name, pin in
            pin.map { CarrierPins.Pin(name: name, line: $0.request, waits: false) }
        }
        let kept = simSelect.map { CarrierPins.Pin(name: ModemCarrier.Name.simSelect, line: $0.request, waits: true) }
        return pulsed + [kept].compactMap { $0 }
    }
}

extension PinSettings {
    /// As the kernel is asked for it.
    fileprivate var request: GPIOLineGroup.Settings.Line {
        let place: GPIOLineName.Line = UInt32(line).map { .offset($0) } ?? .name(line)
        let bias: GPIOBias =
            switch bias {
            case .asIs: .asIs
            case .pullUp: .pullUp
            case .pullDown: .pullDown
            case .disabled: .disabled
            }
        return GPIOLineGroup.Settings.Line(
            GPIOLineName(chip: chip, line: place),
            isActiveLow: activeLow,
            bias: bias
        )
    }
}
