// SPDX-License-Identifier: MIT
pragma solidity 0.8.24;

// The published contracts of Scroll's bridge, compiled at once, and a stand-in of our own for the
// rollup contract: who proves batches cannot run here, what a withdrawal reads of them can.

import {L1ScrollMessenger} from "@scroll-tech/contracts/L1/L1ScrollMessenger.sol";
import {L1ETHGateway} from "@scroll-tech/contracts/L1/gateways/L1ETHGateway.sol";
import {L1GatewayRouter} from "@scroll-tech/contracts/L1/gateways/L1GatewayRouter.sol";
import {L1StandardERC20Gateway} from "@scroll-tech/contracts/L1/gateways/L1StandardERC20Gateway.sol";
import {L1USDCGateway} from "@scroll-tech/contracts/L1/gateways/usdc/L1USDCGateway.sol";
import {IL1MessageQueueV2, L1MessageQueueV2} from "@scroll-tech/contracts/L1/rollup/L1MessageQueueV2.sol";
import {SystemConfig} from "@scroll-tech/contracts/L1/system-contract/SystemConfig.sol";
import {L2ScrollMessenger} from "@scroll-tech/contracts/L2/L2ScrollMessenger.sol";
import {L2ETHGateway} from "@scroll-tech/contracts/L2/gateways/L2ETHGateway.sol";
import {L2GatewayRouter} from "@scroll-tech/contracts/L2/gateways/L2GatewayRouter.sol";
import {L2StandardERC20Gateway} from "@scroll-tech/contracts/L2/gateways/L2StandardERC20Gateway.sol";
import {L2USDCGateway} from "@scroll-tech/contracts/L2/gateways/usdc/L2USDCGateway.sol";
import {L1GasPriceOracle} from "@scroll-tech/contracts/L2/predeploys/L1GasPriceOracle.sol";
import {L2MessageQueue} from "@scroll-tech/contracts/L2/predeploys/L2MessageQueue.sol";
import {ScrollStandardERC20} from "@scroll-tech/contracts/libraries/token/ScrollStandardERC20.sol";
import {ScrollStandardERC20Factory} from "@scroll-tech/contracts/libraries/token/ScrollStandardERC20Factory.sol";

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

// Circle's coin, as far as the gateways use it: anyone mints, holders burn their own.
contract FiatToken is ERC20("USD Coin", "USDC") {
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external returns (bool) {
        _mint(to, amount);
        return true;
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }
}

contract RetiredMessageQueue {
    function nextCrossDomainMessageIndex() external pure returns (uint256) {
        return 100;
    }
}

contract ProvenRollup {
    mapping(uint256 => bytes32) public withdrawRoots;
    uint256 public lastFinalizedBatchIndex;

    function isBatchFinalized(uint256 batchIndex) external view returns (bool) {
        return batchIndex <= lastFinalizedBatchIndex;
    }

    function finalize(bytes32 withdrawRoot) external {
        withdrawRoots[++lastFinalizedBatchIndex] = withdrawRoot;
    }
}
